"""How often a source is asked beside the scrapes: sooner in bad times, later in dull ones."""

import time
from collections.abc import Callable

from hyperion_exporter.known import Known

# Where nothing changed, so much longer is waited for the next answer, up to so many times as long.
STRETCH = 2
MOST = 4
# What is recommended for a machine of which nothing particular is known.
USUAL_SECONDS = 30.0


class Interval:
    """The one in force: the usual one, times what the machine and the answers make of it."""

    def __init__(self, usual: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._usual = usual
        self._clock = clock
        self._factor = 1.0
        self._dullness = 1
        self._asked_at: float | None = None

    @property
    def seconds(self) -> float:
        return self._usual * self._factor * (self._dullness if self._factor >= 1 else 1)

    def see(self, known: Known) -> None:
        self._factor = factor(known)

    def due(self) -> bool:
        return self._asked_at is None or self._clock() - self._asked_at >= self.seconds

    def begin(self) -> None:
        self._asked_at = self._clock()

    def end(self, changed: bool) -> None:
        self._dullness = 1 if changed else min(self._dullness * STRETCH, MOST)


def factor(known: Known) -> float:
    """How much longer than usual, by what is recommended for the whole machine: 0.5, 1 or 2."""
    found = known.find("adaptive", "hyperion_scrape_interval_recommended_seconds")
    return found[0].value / USUAL_SECONDS if found else 1.0
