"""What is told of a machine's load, in the shapes that a contract fixes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Usage:
    timestamp: datetime
    usage: float  # percent


@dataclass(frozen=True)
class Traffic:
    timestamp: datetime
    interface: str
    received: int  # bytes since the machine started
    sent: int


@dataclass(frozen=True)
class Space:
    timestamp: datetime
    mount_point: str
    total: int
    used: int
    free: int
