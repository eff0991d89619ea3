"""How long tasks ran on each processor, and how long they waited for it."""

from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import Block, Collector, Labels, NoOptions, Table, Value, counter
from hyperion_exporter.paths import Paths

NANOSECONDS = 1e9

COLUMNS = (
    counter("node_schedstat_running_seconds_total", "Time tasks ran on the processor.", "cpu"),
    counter("node_schedstat_waiting_seconds_total", "Time tasks waited for the processor.", "cpu"),
    counter("node_schedstat_timeslices_total", "Times a task was given the processor.", "cpu"),
)


class Schedstat(Collector):
    name = "schedstat"
    help = "Time tasks ran and waited from /proc/schedstat."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("schedstat")

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for line in self._file.lines():
            if line.startswith("cpu"):
                cpu, *_, running, waiting, slices = line.split()
                rows[(cpu[3:],)] = (int(running) / NANOSECONDS, int(waiting) / NANOSECONDS, slices)
        return [Table(COLUMNS, rows)]
