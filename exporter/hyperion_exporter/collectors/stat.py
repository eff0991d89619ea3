"""What the kernel has counted since boot: interrupts, switches, forks, tasks."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter, gauge
from hyperion_exporter.paths import Paths

FAMILIES = {
    "intr": counter("node_intr_total", "Total number of interrupts serviced."),
    "ctxt": counter("node_context_switches_total", "Total number of context switches."),
    "processes": counter("node_forks_total", "Total number of forks."),
    "btime": gauge("node_boot_time_seconds", "Node boot time, in unixtime."),
    "procs_running": gauge("node_procs_running", "Number of processes in runnable state."),
    "procs_blocked": gauge(
        "node_procs_blocked", "Number of processes blocked waiting for I/O to complete."
    ),
}


class Stat(Collector):
    name = "stat"
    help = "Boot time, forks, interrupts and context switches from /proc/stat."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("stat")

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            word, value, *_ = line.split(" ", 2)
            if family := FAMILIES.get(word):
                samples.add(family, value)
        return [samples]
