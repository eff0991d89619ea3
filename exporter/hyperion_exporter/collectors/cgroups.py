"""How many control groups each subsystem has, and whether it is on."""

from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import Block, Collector, Labels, NoOptions, Table, Value, gauge
from hyperion_exporter.paths import Paths

COLUMNS = (
    gauge("node_cgroups_cgroups", "Control groups of the subsystem.", "subsys_name"),
    gauge("node_cgroups_enabled", "Whether the subsystem is on.", "subsys_name"),
)


class Cgroups(Collector):
    name = "cgroups"
    help = "Control groups by subsystem from /proc/cgroups."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("cgroups")

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for line in self._file.lines()[1:]:
            subsystem, _, groups, enabled = line.split()
            rows[(subsystem,)] = (groups, enabled)
        return [Table(COLUMNS, rows)]
