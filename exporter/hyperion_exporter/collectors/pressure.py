"""How long tasks waited for processor, memory and disk (PSI)."""

import errno
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, counter
from hyperion_exporter.paths import Paths

MICROSECONDS = 1e6

FAMILIES = {
    ("cpu", "some"): counter(
        "node_pressure_cpu_waiting_seconds_total", "Time some task waited for a processor."
    ),
    ("io", "some"): counter(
        "node_pressure_io_waiting_seconds_total", "Time some task waited for input or output."
    ),
    ("io", "full"): counter(
        "node_pressure_io_stalled_seconds_total", "Time all tasks waited for input or output."
    ),
    ("memory", "some"): counter(
        "node_pressure_memory_waiting_seconds_total", "Time some task waited for memory."
    ),
    ("memory", "full"): counter(
        "node_pressure_memory_stalled_seconds_total", "Time all tasks waited for memory."
    ),
    # Linux 6.1 and newer.
    ("irq", "full"): counter(
        "node_pressure_irq_stalled_seconds_total", "Time all tasks waited for interrupts."
    ),
}


class Pressure(Collector):
    name = "pressure"
    help = "Pressure stall information from /proc/pressure."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        resources = dict.fromkeys(resource for resource, _ in FAMILIES)
        self._files = {resource: paths.proc(f"pressure/{resource}") for resource in resources}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for resource in self._files:
            for line in self._lines(resource):
                # some avg10=0.00 avg60=0.00 avg300=0.00 total=14036781
                kind, *_, total = line.split()
                if family := FAMILIES.get((resource, kind)):
                    samples.add(family, int(total.removeprefix("total=")) / MICROSECONDS)
        return [samples]

    def _lines(self, resource: str) -> list[str]:
        try:
            return self._files[resource].lines()
        except FileNotFoundError:
            if resource == "irq":
                return []
            raise
        except OSError as fault:
            if fault.errno == errno.EOPNOTSUPP:
                raise NoData("pressure is off; the kernel wants psi=1") from None
            raise
