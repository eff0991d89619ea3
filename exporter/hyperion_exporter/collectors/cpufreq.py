"""How fast each processor runs, may run, and who decides it."""

import re
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, Family, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

HERTZ = 1000  # the kernel counts in kHz


def _frequency(name: str, help: str) -> Family:
    return gauge(f"node_cpu_{name}_hertz", help, "cpu")


FREQUENCIES = {
    "cpuinfo_cur_freq": _frequency("frequency", "Clock rate, as the processor says."),
    "cpuinfo_min_freq": _frequency("frequency_min", "Lowest clock rate of the processor."),
    "cpuinfo_max_freq": _frequency("frequency_max", "Highest clock rate of the processor."),
    "scaling_cur_freq": _frequency("scaling_frequency", "Clock rate that the kernel set."),
    "scaling_min_freq": _frequency("scaling_frequency_min", "Lowest rate the kernel may set."),
    "scaling_max_freq": _frequency("scaling_frequency_max", "Highest rate the kernel may set."),
}
GOVERNOR = gauge(
    "node_cpu_scaling_governor", "Whether this governor sets the clock rate.", "cpu", "governor"
)


class Cpufreq(Collector):
    name = "cpufreq"
    help = "Clock rates and governors of the processors."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._cpus = Devices(paths.sys("devices/system/cpu"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for cpu in self._cpus.names():
            # Whose clock rate the kernel can set has a governor.
            if re.fullmatch(r"cpu\d+", cpu) and (governor := self._read(cpu, "scaling_governor")):
                number = cpu.removeprefix("cpu")
                for name in self._read(cpu, "scaling_available_governors").split():
                    samples.add(GOVERNOR, int(name == governor), number, name)
                for file, family in FREQUENCIES.items():
                    # Some drivers say <unknown>.
                    if (value := self._read(cpu, file)).isdecimal():
                        samples.add(family, int(value) * HERTZ, number)
        return [samples]

    def _read(self, cpu: str, file: str) -> str:
        return self._cpus.read(cpu, f"cpufreq/{file}") or ""
