"""What the processors spent their time on, what they are, and when heat slowed them down."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Filter,
    Labels,
    Samples,
    Table,
    Value,
    counter,
    gauge,
    option,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Kept, Paths

# The kernel counts in ticks of 1/100 s whatever its own clock rate is (USER_HZ, proc(5)).
TICKS = 100
# Idle time that steps back so far (3 s) was begun anew: the processor was off meanwhile.
RESTART = 3 * TICKS

SECONDS = counter("node_cpu_seconds_total", "Time of the processor in each mode.", "cpu", "mode")
GUEST = counter(
    "node_cpu_guest_seconds_total",
    "Time of the processor in virtual machines; user and nice time hold it too.",
    "cpu",
    "mode",
)
# In the order of /proc/stat.
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
TIMES = tuple(SECONDS.column(mode=mode) for mode in MODES)
GUEST_TIMES = (GUEST.column(mode="user"), GUEST.column(mode="nice"))
COLUMNS = len(TIMES) + len(GUEST_TIMES)

# The label, and what /proc/cpuinfo calls it.
FACTS = {
    "cachesize": "cache size",
    "core": "core id",
    "cpu": "processor",
    "family": "cpu family",
    "microcode": "microcode",
    "model": "model",
    "model_name": "model name",
    "package": "physical id",
    "stepping": "stepping",
    "vendor": "vendor_id",
}
INFO = gauge("node_cpu_info", "What the processor is; always 1.", *FACTS)
FREQUENCY = gauge(
    "node_cpu_frequency_hertz", "Clock rate now, from /proc/cpuinfo.", "core", "cpu", "package"
)
FLAG = gauge("node_cpu_flag_info", "A feature of the first processor; always 1.", "flag")
BUG = gauge("node_cpu_bug_info", "A known fault of the first processor; always 1.", "bug")
ISOLATED = gauge(
    "node_cpu_isolated", "A processor that the scheduler leaves alone; always 1.", "cpu"
)
ONLINE = gauge("node_cpu_online", "Whether the processor is in use.", "cpu")
CORE_THROTTLES = counter(
    "node_cpu_core_throttles_total", "Times heat slowed the core down.", "core", "package"
)
PACKAGE_THROTTLES = counter(
    "node_cpu_package_throttles_total", "Times heat slowed the whole package down.", "package"
)


@dataclass(frozen=True)
class Options:
    guest: bool = option(True, "give the time spent in virtual machines")
    info: bool = option(False, "give what each processor is, and its clock rate")
    info_flags_include: str = option(
        "", "regular expression of the features to give; implies info", "info.flags-include"
    )
    info_bugs_include: str = option(
        "", "regular expression of the faults to give; implies info", "info.bugs-include"
    )


class Cpu(Collector):
    name = "cpu"
    help = "Seconds of each processor in each mode."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._stat = paths.proc("stat")
        self._cpuinfo = paths.proc("cpuinfo")
        self._isolated = Kept(paths.sys("devices/system/cpu/isolated"))
        self._cpus = Devices(paths.sys("devices/system/cpu"))
        self._columns = (*TIMES, *GUEST_TIMES) if options.guest else TIMES
        flags, bugs = options.info_flags_include, options.info_bugs_include
        self._flags = Filter(flags) if flags else None
        self._bugs = Filter(bugs) if bugs else None
        self._info = bool(options.info or flags or bugs)
        self._ticks: dict[Labels, Sequence[int]] = {}
        self._throttled: list[tuple[Family, Labels, str, str]] = []
        self._switches: list[str] = []
        self._rated = False

    def collect(self) -> Iterable[Block]:
        before = self._ticks
        self._ticks = {cpu: _steady(before.get(cpu, now), now) for cpu, now in self._read_ticks()}
        if before.keys() != self._ticks.keys():
            self._look_around()
        rows: dict[Labels, Sequence[Value]] = {
            cpu: [tick / TICKS for tick in ticks[: len(self._columns)]]
            for cpu, ticks in self._ticks.items()
        }
        samples = Samples()
        if self._info:
            self._add_info(samples)
        self._add_kernel_facts(samples)
        return [Table(self._columns, rows), samples]

    def _read_ticks(self) -> Iterator[tuple[Labels, Sequence[int]]]:
        for line in self._stat.lines():
            # The interrupts' line alone has as many words as all others together.
            if line.startswith("cpu") and not line.startswith("cpu "):
                word, *ticks = line.split()
                # Kernels before 2.6.33 give fewer columns.
                ticks += ["0"] * (COLUMNS - len(ticks))
                yield (word[3:],), list(map(int, ticks[:COLUMNS]))

    def _look_around(self) -> None:
        """Which files there are to read changes only when a processor goes on or off."""
        cpus = [cpu for cpu in self._cpus.names() if re.fullmatch(r"cpu\d+", cpu)]
        self._throttled = list(self._find_throttled(cpus))
        # Where the first one cannot be switched off, node_exporter is silent about all.
        switchable = self._cpus.read("cpu0", "online") is not None
        self._switches = cpus if switchable else []
        # There the collector cpufreq gives the rates, under the same name.
        self._rated = self._cpus.read("cpu0", "cpufreq/cpuinfo_cur_freq") is not None

    def _find_throttled(self, cpus: Sequence[str]) -> Iterator[tuple[Family, Labels, str, str]]:
        """The threads of a core count the same, and so do the cores of a package."""
        seen: set[tuple[Family, Labels]] = set()
        for cpu in cpus:
            core = self._cpus.read(cpu, "topology/core_id")
            package = self._cpus.read(cpu, "topology/physical_package_id")
            if core and package:
                for family, labels, file in (
                    (CORE_THROTTLES, (core, package), "thermal_throttle/core_throttle_count"),
                    (PACKAGE_THROTTLES, (package,), "thermal_throttle/package_throttle_count"),
                ):
                    if (family, labels) not in seen and self._cpus.read(cpu, file):
                        seen.add((family, labels))
                        yield family, labels, cpu, file

    def _add_kernel_facts(self, samples: Samples) -> None:
        for cpu in _isolated(self._isolated):
            samples.add(ISOLATED, 1, cpu)
        for cpu in self._switches:
            online = self._cpus.read(cpu, "online")
            samples.add(ONLINE, int(online == "1"), cpu.removeprefix("cpu"))
        for family, labels, cpu, file in self._throttled:
            if value := self._cpus.read(cpu, file):
                samples.add(family, value, *labels)

    def _add_info(self, samples: Samples) -> None:
        cpus = [_facts(block) for block in self._cpuinfo.text().split("\n\n") if block.strip()]
        for cpu in cpus:
            samples.add(INFO, 1, *(cpu.get(name, "") for name in FACTS.values()))
            if (rate := cpu.get("cpu MHz")) and not self._rated:
                labels = (cpu.get(FACTS[label], "") for label in FREQUENCY.labels)
                samples.add(FREQUENCY, float(rate) * 1e6, *labels)
        for cpu in cpus[:1]:
            _add_words(samples, FLAG, self._flags, cpu.get("flags", ""))
            _add_words(samples, BUG, self._bugs, cpu.get("bugs", ""))


def _add_words(samples: Samples, family: Family, wanted: Filter | None, words: str) -> None:
    for word in words.split():
        if wanted and wanted(word):
            samples.add(family, 1, word)


def _steady(before: Sequence[int], now: Sequence[int]) -> Sequence[int]:
    """The kernel's idle and waiting times step back a little at times; a counter must not."""
    if any(old - new >= RESTART for old, new in zip(before, now, strict=True)):
        return now
    return list(map(max, before, now))


def _isolated(file: Kept) -> Iterator[str]:
    """`1,3-5,9`"""
    try:
        ranges = file.text().strip()
    except OSError:
        return
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        yield from map(str, range(int(first), int(last or first) + 1))


def _facts(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.split("\n"))
    return {name.strip(): value.strip() for name, _, value in pairs}
