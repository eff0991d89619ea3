"""Every line of /proc/meminfo, under the kernel's own names."""

import re
from collections.abc import Iterable, Iterator

from hyperion_exporter.collector import Block, Collector, Family, NoOptions, gauge
from hyperion_exporter.paths import Paths
from hyperion_exporter.stencil import Number, Stencil, numbered


def family(name: str, unit: str) -> Family:
    """`Active(file)  12 kB` is node_memory_Active_file_bytes."""
    plain = re.sub(r"\((.*)\)", r"_\1", name) + ("_bytes" if unit else "")
    return gauge(f"node_memory_{plain}", f"Memory information field {plain}.")


class Meminfo(Collector):
    name = "meminfo"
    help = "Memory statistics from /proc/meminfo."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("meminfo")
        self._stencil = Stencil(_find)

    def collect(self) -> Iterable[Block]:
        return [self._stencil.read(self._file.text())]


def _find(text: str) -> Iterator[Number]:
    for first, (name, _, *unit) in numbered(text):
        known = family(name.rstrip(":"), "".join(unit))
        yield Number(first + 1, known, factor=1024 if unit else 1)
