"""How each processor kept up with the packets that came in."""

from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Labels,
    NoOptions,
    Table,
    Value,
    counter,
    gauge,
)
from hyperion_exporter.paths import Paths


def _counter(name: str, help: str) -> Family:
    return counter(f"node_softnet_{name}_total", help, "cpu")


# By column of /proc/net/softnet_stat, which has no header.
COLUMNS = {
    0: _counter("processed", "Packets taken in."),
    1: _counter("dropped", "Packets dropped because the backlog was full."),
    2: _counter("times_squeezed", "Times the work was broken off with packets left."),
    8: _counter("cpu_collision", "Times sending found the device locked by another processor."),
    9: _counter("received_rps", "Times another processor woke this one to take packets."),
    10: _counter("flow_limit_count", "Packets dropped because one flow had taken the backlog."),
    11: gauge("node_softnet_backlog_len", "Packets that wait in the backlog.", "cpu"),
}
# Since Linux 5.10; before, the lines are in the order of the processors.
CPU = 12


class Softnet(Collector):
    name = "softnet"
    help = "Packet processing from /proc/net/softnet_stat."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("net/softnet_stat")

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for number, line in enumerate(self._file.lines()):
            values = [int(word, 16) for word in line.split()]
            cpu = values[CPU] if len(values) > CPU else number
            # Older kernels have fewer columns.
            values += [0] * (CPU - len(values))
            rows[(str(cpu),)] = [values[place] for place in COLUMNS]
        return [Table(tuple(COLUMNS.values()), rows)]
