"""How many tasks want to run, averaged over one, five and fifteen minutes."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, gauge, one
from hyperion_exporter.paths import Paths

LOADS = (
    gauge("node_load1", "1m load average."),
    gauge("node_load5", "5m load average."),
    gauge("node_load15", "15m load average."),
)


class Loadavg(Collector):
    name = "loadavg"
    help = "Load average."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("loadavg")

    def collect(self) -> Iterable[Block]:
        return [one(LOADS, self._file.text().split()[:3])]
