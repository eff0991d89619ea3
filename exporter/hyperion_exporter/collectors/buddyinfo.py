"""Free memory in blocks of 1, 2, 4 ... pages: how much of it is in one piece."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

BLOCKS = gauge(
    "node_buddyinfo_blocks",
    "Free blocks of memory; those of size n are 2^n pages long.",
    "node",
    "size",
    "zone",
)


class Buddyinfo(Collector):
    name = "buddyinfo"
    help = "Fragmentation of the free memory from /proc/buddyinfo."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("buddyinfo")

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            _, node, _, zone, *counts = line.split()
            for size, count in enumerate(counts):
                samples.add(BLOCKS, count, node.rstrip(","), str(size), zone)
        return [samples]
