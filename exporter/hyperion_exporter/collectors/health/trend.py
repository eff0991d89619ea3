"""How numbers changed within the last while."""

from collections import deque
from collections.abc import Mapping

# Points that are kept of a while: its length is off by one in so many at most.
POINTS = 8


class Trend:
    def __init__(self, seconds: float, least: float) -> None:
        """What lies closer together than `least` says nothing of how numbers change."""
        self._seconds = seconds
        self._least = least
        self._points: deque[tuple[float, Mapping[str, float]]] = deque()

    def note(self, now: float, values: Mapping[str, float]) -> None:
        points = self._points
        # The last one is renewed until it has its distance from the one before.
        if len(points) > 1 and points[-1][0] - points[-2][0] < self._seconds / POINTS:
            points.pop()
        points.append((now, values))
        while len(points) > 2 and now - points[1][0] >= self._seconds:
            points.popleft()

    def change(self, name: str) -> float | None:
        """By how much it is more than at the beginning; None where that is not known."""
        (_, before), (_, after) = self._points[0], self._points[-1]
        if self._span() < self._least or name not in before or name not in after:
            return None
        return after[name] - before[name]

    def rate(self, name: str) -> float | None:
        """The same for a second."""
        change = self.change(name)
        return None if change is None else change / self._span()

    def _span(self) -> float:
        return self._points[-1][0] - self._points[0][0]
