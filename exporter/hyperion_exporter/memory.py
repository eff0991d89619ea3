"""Answers that may be slow: asked for beside the scrape, and given from memory."""

import time
from collections.abc import Callable
from copy import copy
from typing import Generic, TypeVar

from hyperion_exporter.crew import Crew

Answer = TypeVar("Answer")


class Memory(Generic[Answer]):
    """Asks anew each time it is looked into, but waits only a moment for the answer.

    What comes later is given the next time. A question that hangs is not asked twice, and the last
    answer holds until it is older than can be trusted.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Answer],
        wait: float,
        trust: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._ask = ask
        self._wait = wait
        self._trust = trust
        self._clock = clock
        self._crew: Crew[str, None] = Crew(name, wait)
        self._last: tuple[float, Answer | Exception] | None = None

    def look(self) -> Answer:
        """The answer; what asking raised is raised here."""
        self._crew.run({self._name: self._refresh}, self._wait)
        if self._last is None:
            raise TimeoutError(f"{self._name} has not answered yet")
        answered_at, answer = self._last
        if isinstance(answer, Exception):
            # A fresh one: what is raised holds all who called, as long as it is kept itself.
            raise copy(answer)
        if self._clock() - answered_at > self._trust:
            raise TimeoutError(f"{self._name} has not answered for {self._trust:.0f} s")
        return answer

    def _refresh(self) -> None:
        answer: Answer | Exception
        try:
            answer = self._ask()
        except Exception as fault:  # it belongs to who looks, not to this thread
            answer = fault
        self._last = self._clock(), answer
