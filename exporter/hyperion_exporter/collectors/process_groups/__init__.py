"""Groups of processes, named by rules, in process-exporter's names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hyperion_exporter.collector import Block, Collector, option
from hyperion_exporter.paths import Paths

if TYPE_CHECKING:
    from hyperion_exporter.collectors.process_groups.watch import Watch


@dataclass(frozen=True)
class Options:
    config: str = option(
        "", "file of rules, in YAML, as process-exporter has it; without one no group is given"
    )
    children: bool = option(True, "count processes that no rule names to the group of their parent")
    smaps: bool = option(
        False, "give proportional memory too; the kernel takes ten times as long for that"
    )
    remove_empty: bool = option(False, "forget a group whose last process has ended")
    most: int = option(200, "groups at most; what would be another one is counted as 'other'")


class ProcessGroups(Collector):
    name = "process_groups"
    help = "What groups of processes take, by rules of name, command line, unit or control group."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._paths = paths
        self._options = options
        self._watch: Watch | None = self._begin() if options.config else None

    def collect(self) -> Iterable[Block]:
        return self._watch.look() if self._watch else []

    def _begin(self) -> "Watch":
        # YAML takes memory: only where there are rules.
        from hyperion_exporter.collectors.process_groups.watch import Watch

        return Watch(self._paths, self._options)
