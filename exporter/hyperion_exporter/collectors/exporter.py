"""What the exporter says of itself: its version, and what it costs."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter import __version__
from hyperion_exporter.collector import (
    Block,
    Collector,
    Labels,
    Samples,
    counter,
    gauge,
    option,
)
from hyperion_exporter.paths import Kept, Paths

BUILD = gauge(
    "node_exporter_build_info",
    "Version of the exporter and of the Python that runs it.",
    "branch",
    "goarch",
    "goos",
    "goversion",
    "revision",
    "tags",
    "version",
)
CPU = counter("process_cpu_seconds_total", "Processor time of the exporter, user and system.")
START = gauge("process_start_time_seconds", "When the exporter was started, since the epoch.")
RESIDENT = gauge("process_resident_memory_bytes", "Resident memory of the exporter.")
VIRTUAL = gauge("process_virtual_memory_bytes", "Virtual memory of the exporter.")
VIRTUAL_MAX = gauge("process_virtual_memory_max_bytes", "Limit of the virtual memory.")
OPEN = gauge("process_open_fds", "File descriptors that the exporter holds.")
OPEN_MAX = gauge("process_max_fds", "Limit of the file descriptors.")


@dataclass(frozen=True)
class Options:
    only_version: bool = option(
        False, "leave out what the exporter's process costs", "web.disable-exporter-metrics"
    )


class Exporter(Collector):
    name = "exporter"
    help = "The exporter's own version, memory, processor time and descriptors."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._only_version = options.only_version
        # Always the real /proc: --path.procfs may show another machine, of which we are no process.
        own = Paths()
        self._stat = own.proc("self/stat")
        self._boot = own.proc("stat")
        self._fds = f"{own.procfs}/self/fd"
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._start: float | None = None
        self._build = build()

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        samples.add(BUILD, 1, *self._build)
        if self._only_version:
            return [samples]
        # After the name, which may hold blanks, in brackets (proc(5)).
        fields = self._stat.text().rpartition(") ")[2].split()
        if self._start is None:
            self._start = _boot_time(self._boot) + int(fields[19]) / self._ticks
        samples.add(CPU, (int(fields[11]) + int(fields[12])) / self._ticks)
        samples.add(START, self._start)
        samples.add(RESIDENT, int(fields[21]) * os.sysconf("SC_PAGESIZE"))
        samples.add(VIRTUAL, fields[20])
        samples.add(VIRTUAL_MAX, _limit("RLIMIT_AS"))
        # Strings are ten times cheaper here than Path; the listing itself holds one.
        samples.add(OPEN, len(os.listdir(self._fds)) - 1)  # noqa: PTH208
        samples.add(OPEN_MAX, _limit("RLIMIT_NOFILE"))
        return [samples]


def build() -> Labels:
    return (
        "", platform.machine(), platform.system().lower(),
        f"python{platform.python_version()}", "", "", __version__,
    )  # fmt: skip


def _boot_time(stat: Kept) -> int:
    return next(int(line.split()[1]) for line in stat.lines() if line.startswith("btime "))


def _limit(which: str) -> int:
    """No limit is given as the largest number the kernel could have said, as Go programs do."""
    import resource  # here: Windows has none, but wants the families above

    soft, _ = resource.getrlimit(getattr(resource, which))
    return soft if soft != resource.RLIM_INFINITY else 2**64 - 1
