"""Events of the journal and the kernel, counted beside the scrape by source, level and class."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hyperion_exporter.collector import Block, Collector, NoData, Table, counter, gauge, one, option
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.event_log import NoLog

if TYPE_CHECKING:
    from hyperion_exporter.collectors.events.follower import Follower

# The first count is waited for, so that --once has it; later ones never.
FIRST_SECONDS = 0.25
LOGS = ("var/log/journal", "run/log/journal", "dev/kmsg")

TOTAL = counter(
    "hyperion_events_total",
    "Events that were logged since the first start, each counted once.",
    "source",
    "level",
    "class",
)
SEEN = gauge(
    "hyperion_events_last_seen_timestamp_seconds",
    "When the last event of the class was logged, since the epoch.",
    "class",
)
AGE = gauge("hyperion_events_age_seconds", "Time since all that was logged had been counted.")
KEPT = gauge(
    "hyperion_events_kept", "Whether a restart goes on from here: else it begins at 0 or repeats."
)


@dataclass(frozen=True)
class Options:
    state_folder: str = option(
        "/var/lib/hyperion-exporter", "folder to keep the counts and the position in the log in"
    )


class Events(Collector):
    name = "events"
    help = "Events of journal and kernel, by source, level and class."
    options = Options
    first_seconds = FIRST_SECONDS

    def __init__(
        self, paths: Paths, options: Options, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = paths.rootfs
        self._folder = Path(options.state_folder)
        self._clock = clock
        self._follower: Follower | None = None

    def collect(self) -> Iterable[Block]:
        self._follower = self._follower or self._begin()
        try:
            shown = self._follower.look(self.first_seconds)
        except NoLog as reason:
            raise NoData(str(reason)) from None
        age = self._clock() - shown.at
        return [
            Table((TOTAL,), {key: (count,) for key, count in shown.tally.counts.items()}),
            Table((SEEN,), {(name,): (at,) for name, at in shown.tally.seen.items()}),
            one((AGE, KEPT), (f"{age:.3f}", int(shown.kept))),
        ]

    def __del__(self) -> None:
        # The thread would go on for ever, and hold the folder.
        if self._follower:
            self._follower.stop()

    def _begin(self) -> "Follower":
        if not any((self._root / log).exists() for log in LOGS):
            raise NoData("there is neither a journal nor a log of the kernel")
        # The table and what reads the logs: only where there is one.
        from hyperion_exporter.collectors.events.follower import Follower
        from hyperion_exporter.collectors.events.keeping import Keeping
        from hyperion_exporter.collectors.events.logs import opener

        return Follower(opener(self._root), Keeping(self._folder), self._clock)
