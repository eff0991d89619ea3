"""Connections that stay open between orders: one to each machine, login and key."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hyperion_control.runners.line import Line, Way, connect, hang_up

IDLE_SECONDS = 60.0
# sshd allows ten: one is the watch's, two are left for ending what runs.
MOST_CHANNELS = 7
MOST_CONNECTIONS = 1000


@dataclass
class _Slot:
    """A machine's place in the pool; users are counted under the pool's lock."""

    lines: list[Line] = field(default_factory=list)
    connecting: threading.Lock = field(default_factory=threading.Lock)
    channels: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_CHANNELS)
    )
    users: int = 0
    used: float = 0.0
    dropped: bool = False


class Pool:
    def __init__(
        self,
        dial: Callable[[Way], list[Line]] = connect,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dial = dial
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._slots: dict[Way, _Slot] = {}

    @contextmanager
    def line(self, way: Way) -> Iterator[Line]:
        """A connection, one of seven who use it; raises as `connect` does."""
        slot = self._enter(way)
        try:
            with slot.channels:
                with slot.connecting:
                    if not all(line.is_active() for line in slot.lines) or not slot.lines:
                        hang_up(slot.lines)
                        slot.lines = []
                        slot.lines = self._dial(way)
                yield slot.lines[-1]
        finally:
            self._leave(slot)

    def sweep(self) -> None:
        """Hang up what nobody used for a minute, and the longest unused above the most."""
        with self._lock:
            idle = [(slot.used, way) for way, slot in self._slots.items() if not slot.users]
            idle.sort(key=lambda pair: pair[0])
            spare = len(self._slots) - MOST_CONNECTIONS
            old = self._monotonic() - IDLE_SECONDS
            gone = [way for at, (used, way) in enumerate(idle) if at < spare or used <= old]
            slots = [self._slots.pop(way) for way in gone]
        for slot in slots:
            hang_up(slot.lines)

    def close(self) -> None:
        with self._lock:
            slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            hang_up(slot.lines)

    def drop(self, way: Way) -> None:
        """Whoever comes next gets a new connection; who uses the old one may finish."""
        with self._lock:
            slot = self._slots.pop(way, None)
            if slot:
                slot.dropped = True
        if slot and not slot.users:
            hang_up(slot.lines)

    def _enter(self, way: Way) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(way, _Slot())
            slot.users += 1
            stale = [other for other in self._slots if _replaced(other, way)]
        for other in stale:
            self.drop(other)
        return slot

    def _leave(self, slot: _Slot) -> None:
        with self._lock:
            slot.users -= 1
            slot.used = self._monotonic()
            last = slot.dropped and not slot.users
        if last:
            hang_up(slot.lines)


def _replaced(other: Way, way: Way) -> bool:
    """Whether it leads to the same login by another key, host key or jump host."""
    ours, theirs = way.machine, other.machine
    same = (ours.address, ours.port, ours.login) == (theirs.address, theirs.port, theirs.login)
    return same and other != way
