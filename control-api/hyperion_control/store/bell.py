"""The bell: tells those who wait, in this process and in others, that something has changed.

A topic is the id of what changed, or a word for many. A lost ring costs LOOK_SECONDS, no more:
whoever waits also looks by themselves.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from hyperion_control.store.bell_pipes import Pipes
from hyperion_control.store.bell_postgres import Notifications

LOOK_SECONDS = 2.0

T = TypeVar("T")
Callback = Callable[[str], None]


class Line(Protocol):
    """To the bells of the other processes; starts nothing before it is used."""

    def listen(self, heard: Callback) -> None: ...
    def ring(self, topic: str) -> None: ...
    def close(self) -> None: ...


def line(database_url: str, data: Path) -> Line:
    if database_url.startswith("postgresql"):
        return Notifications(re.sub(r"^postgresql\+psycopg:", "postgresql:", database_url))
    return Pipes(data / "bell")


class Bell:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._callbacks: tuple[Callback, ...] = ()
        self._listening = False

    def ring(self, topic: str) -> None:
        """After what changed can be read. Takes microseconds, and never fails."""
        self._heard(topic)
        self._line.ring(topic)

    def wait(self, topic: str, seconds: float, ready: Callable[[], T | None]) -> T | None:
        """What `ready` gives as soon as it is not None; None when the time is over."""
        if (found := ready()) is not None:
            return found
        end, rung = time.monotonic() + seconds, threading.Event()
        leave = self.subscribe(lambda heard: rung.set() if heard == topic else None)
        try:
            while (found := ready()) is None and (left := end - time.monotonic()) > 0:
                rung.wait(min(left, LOOK_SECONDS))
                rung.clear()
        finally:
            leave()
        return found

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Calls it with each topic that rings, in the thread that rings, so it must be quick.

        Returns what ends that.
        """
        with self._lock:
            self._callbacks += (callback,)
            first, self._listening = not self._listening, True
        if first:
            self._line.listen(self._heard)
        return lambda: self._leave(callback)

    def close(self) -> None:
        self._line.close()

    def _leave(self, callback: Callback) -> None:
        with self._lock:
            self._callbacks = tuple(each for each in self._callbacks if each is not callback)

    def _heard(self, topic: str) -> None:
        for callback in self._callbacks:
            callback(topic)
