"""Every line of /proc/meminfo, under the kernel's own names."""

import re
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, Family, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths


def family(name: str, unit: str) -> Family:
    """`Active(file)  12 kB` is node_memory_Active_file_bytes."""
    plain = re.sub(r"\((.*)\)", r"_\1", name) + ("_bytes" if unit else "")
    return gauge(f"node_memory_{plain}", f"Memory information field {plain}.")


class Meminfo(Collector):
    name = "meminfo"
    help = "Memory statistics from /proc/meminfo."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("meminfo")
        self._families: dict[str, Family] = {}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            name, value, *unit = line.split()
            known = self._families.get(name)
            if known is None:
                known = self._families[name] = family(name.rstrip(":"), "".join(unit))
            samples.add(known, int(value) * 1024 if unit else value)
        return [samples]
