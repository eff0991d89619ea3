"""What the kernel has counted since boot: interrupts, switches, forks, tasks."""

from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Samples, counter, gauge, option
from hyperion_exporter.paths import Paths

FAMILIES = {
    "intr": counter("node_intr_total", "Interrupts served since boot."),
    "ctxt": counter("node_context_switches_total", "Context switches since boot."),
    "processes": counter("node_forks_total", "Tasks started since boot."),
    "btime": gauge("node_boot_time_seconds", "When the machine was booted, since the epoch."),
    "procs_running": gauge("node_procs_running", "Tasks that run or could."),
    "procs_blocked": gauge("node_procs_blocked", "Tasks that wait for input or output."),
}
SOFTIRQS = counter("node_softirqs_total", "Soft interrupts served since boot.", "vector")
# In the kernel's order (linux/interrupt.h).
VECTORS = (
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
)


@dataclass(frozen=True)
class Options:
    softirq: bool = option(False, "give the soft interrupts by kind")


class Stat(Collector):
    name = "stat"
    help = "Boot time, forks, interrupts and context switches from /proc/stat."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("stat")
        self._softirq = options.softirq

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            word, value, *rest = line.split(" ", 2)
            if family := FAMILIES.get(word):
                samples.add(family, value)
            elif word == "softirq" and self._softirq:
                for vector, count in zip(VECTORS, " ".join(rest).split(), strict=False):
                    samples.add(SOFTIRQS, count, vector)
        return [samples]
