"""SMART: what disks say of their health, asked beside the scrape and given with its age."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hyperion_exporter.collector import Block, Collector, Filter, NoData, option
from hyperion_exporter.interval import factor
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import disk_reader, smartctl
from hyperion_exporter.sources.program import Failed, Output
from hyperion_exporter.sources.smartctl import Ask

if TYPE_CHECKING:
    from hyperion_exporter.collectors.smart.watch import Watch

# The first answers are waited for, so that --once has them; later ones never.
FIRST_SECONDS = 0.25


@dataclass(frozen=True)
class Options:
    interval: int = option(300, "seconds between two looks at a disk without moving parts")
    interval_rotating: int = option(900, "the same for a rotating disk, as long as it is well")
    rescan: int = option(900, "seconds between two looks for other disks")
    timeout: int = option(30, "seconds after which smartctl is ended")
    skip_idle: bool = option(
        False, "leave idle disks alone as well; some never fall asleep if they are read"
    )
    device: tuple[str, ...] = option(
        (), "a disk, as NAME or NAME;KIND (/dev/bus/0;megaraid,5); then none is looked for"
    )
    device_include: str = option("", "regular expression of the only disks to give")
    device_exclude: str = option("", "regular expression of the disks to leave out")


class Smart(Collector):
    name = "smart"
    help = "Health of disks as smartctl reads it, and a verdict on each."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        folders: Sequence[str] = smartctl.FOLDERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = paths
        self._options = options
        self._wanted = Filter(options.device_include, options.device_exclude)
        self._folders = folders
        self._clock = clock
        self._watch: Watch | None = None

    def see(self, known: Known) -> None:
        if self._watch:
            self._watch.follow(factor(known))

    def collect(self) -> Iterable[Block]:
        if self._way() is None:
            raise NoData("smartctl is not installed")
        self._watch = self._watch or self._begin()
        return self._watch.look(FIRST_SECONDS)

    def _begin(self) -> "Watch":
        # Its tables take half a megabyte: only where there is a smartctl.
        from hyperion_exporter.collectors.smart.watch import Watch

        return Watch(self._ask, self._options, self._wanted, self._paths, self._clock)

    def _way(self) -> Ask | None:
        reader = self._paths.rootfs / disk_reader.SOCKET
        if reader.exists():
            return disk_reader.through(reader)
        program = smartctl.find(self._folders)
        return smartctl.here(program) if program else None

    def _ask(self, question: Sequence[str], seconds: float) -> Output:
        """By whatever way there is now: the reader may have come or gone."""
        way = self._way()
        if way is None:
            raise Failed("smartctl is gone")
        return way(question, seconds)
