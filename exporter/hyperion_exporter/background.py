"""Answers that take their time: asked for beside the scrapes, each at its own interval."""

import time
from collections.abc import Callable
from copy import copy
from threading import Thread
from typing import Generic, TypeVar

from hyperion_exporter.interval import Interval

Answer = TypeVar("Answer")


class Background(Generic[Answer]):
    """A look gives the last answer and asks anew, where that is due; a hung question stays alone.

    Only the first answer is waited for, and so long at most.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Answer],
        interval: Interval,
        first: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._ask = ask
        self._interval = interval
        self._first = first
        self._clock = clock
        self._thread: Thread | None = None
        self._answer: Answer | None = None
        self._answered_at = clock()
        self._fault: Exception | None = None

    def look(self) -> Answer | None:
        """None as long as there is no answer; what asking raised last is raised here."""
        if not (self._thread and self._thread.is_alive()) and self._interval.due():
            beginning = self._thread is None
            self._thread = Thread(target=self._refresh, name=self._name, daemon=True)
            self._interval.begin()
            self._thread.start()
            if beginning:
                self._thread.join(self._first)
        if self._fault:
            # A fresh one: what is raised holds all who called, as long as it is kept itself.
            raise copy(self._fault)
        return self._answer

    def age(self) -> float:
        """Of the answer, in seconds."""
        return self._clock() - self._answered_at

    def _refresh(self) -> None:
        try:
            answer = self._ask()
        except Exception as fault:  # it belongs to who looks, not to this thread
            self._interval.end(changed=False)
            self._fault = fault
            return
        self._interval.end(changed=answer != self._answer)
        self._answer, self._answered_at, self._fault = answer, self._clock(), None
