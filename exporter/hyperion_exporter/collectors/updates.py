"""Updates that wait to be installed, as the package manager knows of them beside the scrape."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hyperion_exporter.background import Background
from hyperion_exporter.collector import Block, Collector, NoData, Samples, gauge, option
from hyperion_exporter.interval import Interval
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import packages
from hyperion_exporter.sources.packages import Manager, Pending

# To wait in a first scrape would gain nothing: the quickest manager takes a second.
FIRST_SECONDS = 0.0

PENDING = gauge(
    "hyperion_updates_pending",
    "Updates that the package manager knows of; what zypper has for security are patches.",
    "manager",
    "kind",
)
AGE = gauge(
    "hyperion_updates_age_seconds", "Time since it was last seen that these are all updates."
)
INTERVAL = gauge(
    "hyperion_updates_interval_seconds",
    "How often is looked whether what the package manager reads has changed.",
)


@dataclass(frozen=True)
class Options:
    interval: int = option(
        60, "seconds between two looks whether what the package manager reads has changed"
    )


class Updates(Collector):
    name = "updates"
    help = "Updates that wait to be installed, and how many of them are for security."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        find: Callable[[], Manager | None] = packages.find,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = Interval(options.interval, clock)
        # A manager tells of the machine that it runs on, which below another root is not ours.
        self._manager = manager = find() if paths.rootfs == Path("/") else None
        self._answers: Background[Pending] | None = None
        if manager:
            self._answers = Background(
                "updates", manager.pending, self._interval, FIRST_SECONDS, clock
            )

    def see(self, known: Known) -> None:
        self._interval.see(known)

    def collect(self) -> Iterable[Block]:
        if self._manager is None or self._answers is None:
            raise NoData("none of apt, zypper, dnf and pacman has packages here")
        samples = Samples()
        samples.add(INTERVAL, self._interval.seconds)
        if pending := self._answers.look():
            samples.add(AGE, f"{self._answers.age():.3f}")
            samples.add(PENDING, pending.all, self._manager.name, "all")
            if pending.security is not None:
                samples.add(PENDING, pending.security, self._manager.name, "security")
        return [samples]
