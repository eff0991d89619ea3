"""Which deferred work of interrupts each processor did."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter
from hyperion_exporter.paths import Paths

SOFTIRQS = counter("node_softirqs_functions_total", "Soft interrupts served.", "cpu", "type")


class Softirqs(Collector):
    name = "softirqs"
    help = "Soft interrupts by processor from /proc/softirqs."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("softirqs")

    def collect(self) -> Iterable[Block]:
        header, *lines = self._file.lines()
        cpus = [word.removeprefix("CPU") for word in header.split()]
        samples = Samples()
        for line in lines:
            kind, *counts = line.split()
            for cpu, count in zip(cpus, counts, strict=True):
                samples.add(SOFTIRQS, count, cpu, kind.rstrip(":"))
        return [samples]
