"""What the processors spent their time on."""

from collections.abc import Iterable
from typing import Any

from hyperion_exporter.collector import Block, Samples
from hyperion_exporter.collectors.cpu import SECONDS
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.paths import Paths

# By psutil's word. The last two are what Windows calls the work that Linux splits in the same way.
MODES = {
    "user": "user",
    "nice": "nice",
    "system": "system",
    "idle": "idle",
    "irq": "irq",
    "interrupt": "irq",
    "dpc": "softirq",
}
# Windows counts in steps of 100 ns.
DIGITS = 7


class Cpu(Portable):
    name = "cpu"
    help = "Seconds of each processor in each mode."

    def __init__(self, paths: Paths, options: Any, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        self._before: dict[int, float] = {}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for cpu, times in enumerate(self._system.psutil.cpu_times(percpu=True)):
            seconds = {word: getattr(times, word) for word in times._fields if word in MODES}
            if "dpc" in seconds:
                seconds["system"] = self._system_alone(cpu, seconds)
            for word, value in seconds.items():
                samples.add(SECONDS, value, str(cpu), MODES[word])
        return [samples]

    def _system_alone(self, cpu: int, seconds: dict[str, float]) -> float:
        """Windows counts interrupts and DPCs as system time too; twice, modes exceed the clock.

        A difference of counters may step back by a rounding, which Prometheus takes for a restart.
        """
        alone = round(seconds["system"] - seconds["interrupt"] - seconds["dpc"], DIGITS)
        steady = self._before[cpu] = max(alone, self._before.get(cpu, 0.0))
        return steady
