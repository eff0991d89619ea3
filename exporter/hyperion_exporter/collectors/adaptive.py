"""How often this machine deserves to be looked at; what works beside the scrapes follows it."""

import time
from collections.abc import Callable, Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, gauge, one
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths

RECOMMENDED = gauge(
    "hyperion_scrape_interval_recommended_seconds",
    "How often the machine should be scraped: 15 where something is bad, 60 where all is quiet.",
)
OFTEN, USUAL, SELDOM = 15, 30, 60
# Where the whole, or one of these, is no better, things change from one minute to the next.
BAD_SCORE = 70.0
BAD_COMPONENT = 50.0
TELLING = {"pressure", "temperature", "disk_health", "memory", "events"}
# Where all is as well as this, for as long as this, the next hour will be as the last one.
QUIET_SCORE = 90.0
QUIET_SECONDS = 1800.0
# What comes and goes is bad until it stays away.
BAD_SECONDS = 300.0


class Adaptive(Collector):
    name = "adaptive"
    help = "How often the machine should be scraped, by its health."
    # Behind the health of this very gathering.
    turn = 2

    def __init__(
        self, paths: Paths, _: NoOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._bad_at: float | None = None
        self._uneasy_at = clock()

    def see(self, known: Known) -> None:
        now = self._clock()
        score = known.find("health", "hyperion_health_score")
        components = known.find("health", "hyperion_health_component_score")
        if any(sample.value < BAD_SCORE for sample in score) or any(
            sample.value < BAD_COMPONENT and sample.labels["component"] in TELLING
            for sample in components
        ):
            self._bad_at = now
        # Of what nothing is known nobody can say that it is quiet.
        if not score or score[0].value < QUIET_SCORE:
            self._uneasy_at = now

    def collect(self) -> Iterable[Block]:
        return [one((RECOMMENDED,), (self._recommended(self._clock()),))]

    def _recommended(self, now: float) -> int:
        if self._bad_at is not None and now - self._bad_at < BAD_SECONDS:
            return OFTEN
        return SELDOM if now - self._uneasy_at >= QUIET_SECONDS else USUAL
