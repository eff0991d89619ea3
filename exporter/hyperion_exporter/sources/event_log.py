"""What every log of events gives: its events in their order, and how far it was read."""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

# Of a message; what it is about stands at its beginning.
MOST_BYTES = 512
# What journald takes for the level where none was said.
INFO = 6


class NoLog(Exception):
    """The machine has no such log, or we may not read it; the words say which."""


class Event(NamedTuple):
    source: str
    # As in syslog(3), from 0, an emergency, to 7, for who looks for a fault.
    level: int
    # Who says so; b"kernel" is nobody but the kernel.
    program: bytes
    # On Windows the event's number, which is the same in every language.
    message: bytes
    # Since the epoch.
    time: float


class EventLog(Protocol):
    """A log that is read on, from where it was left or, without a position, from its end."""

    # Logs of one kind understand each other's positions.
    kind: str
    # How often it is worth looking, in seconds.
    interval: float

    def __init__(self, root: Path, position: str | None, programs: Container[bytes]) -> None:
        """Raises NoLog; of programs that are not named, no messages need be given."""

    @property
    def position(self) -> str:
        """Behind the last event that was given."""

    def read(self, most: int) -> Sequence[Event]:
        """Those that came since, so many at most; fewer say that these are all."""

    def close(self) -> None: ...


def of_journal(program: bytes, transport: bytes, level: bytes, message: bytes, at: float) -> Event:
    """From the fields of an entry, empty where it has none; `at` is when it was written."""
    kernel = transport == b"kernel"
    # Anybody may call himself so.
    name = b"" if program == b"kernel" and not kernel else program
    return Event(
        "kernel" if kernel else "journal", level[0] & 7 if level else INFO, name, message, at
    )
