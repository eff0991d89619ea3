"""What the processors spent their time on."""

from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import Block, Collector, Labels, NoOptions, Table, Value, counter
from hyperion_exporter.paths import Paths

# The kernel counts in ticks of 1/100 s whatever its own clock rate is (USER_HZ, proc(5)).
TICKS = 100

SECONDS = counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", "cpu", "mode")
GUEST = counter(
    "node_cpu_guest_seconds_total",
    "Seconds the CPUs spent in guests (VMs) for each mode.",
    "cpu",
    "mode",
)
# In the order of /proc/stat; guest time is also inside user and nice, so it has its own family.
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
COLUMNS = (
    *(SECONDS.column(mode=mode) for mode in MODES),
    GUEST.column(mode="user"),
    GUEST.column(mode="nice"),
)


class Cpu(Collector):
    name = "cpu"
    help = "Seconds of each processor in each mode."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("stat")

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for line in self._file.lines():
            word, *ticks = line.split()
            if word.startswith("cpu") and word != "cpu":
                # Kernels before 2.6.33 give fewer columns.
                ticks += ["0"] * (len(COLUMNS) - len(ticks))
                rows[(word[3:],)] = [int(tick) / TICKS for tick in ticks[: len(COLUMNS)]]
        return [Table(COLUMNS, rows)]
