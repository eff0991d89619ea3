"""The memory of each NUMA node, under the kernel's own names."""

import re
from collections.abc import Iterable, Iterator

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    NoData,
    NoOptions,
    Samples,
    Value,
    counter,
    gauge,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths


class MeminfoNuma(Collector):
    name = "meminfo_numa"
    help = "Memory statistics of each NUMA node."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._nodes = Devices(paths.sys("devices/system/node"))
        self._families: dict[str, Family] = {}

    def collect(self) -> Iterable[Block]:
        nodes = [node for node in self._nodes.names() if re.fullmatch(r"node\d+", node)]
        if not nodes:
            raise NoData("not a NUMA machine")
        samples = Samples()
        for node in nodes:
            number = node.removeprefix("node")
            for family, value in (*self._memory(node), *self._allocations(node)):
                samples.add(family, value, number)
        return [samples]

    def _memory(self, node: str) -> Iterator[tuple[Family, Value]]:
        """`Node 0 Active(file):  12 kB`"""
        for line in (self._nodes.read(node, "meminfo") or "").split("\n"):
            match line.split():
                case [_, _, name, value, "kB"]:
                    yield self._family(name), int(value) * 1024
                case [_, _, name, value]:
                    yield self._family(name), value

    def _allocations(self, node: str) -> Iterator[tuple[Family, Value]]:
        for line in (self._nodes.read(node, "numastat") or "").split("\n"):
            match line.split():
                case [name, value]:
                    yield self._family(name), value

    def _family(self, name: str) -> Family:
        known = self._families.get(name)
        if known is None:
            known = self._families[name] = _family(name)
        return known


def _family(name: str) -> Family:
    """Only the names of meminfo end in a colon: numastat counts."""
    if name.endswith(":"):
        plain = re.sub(r"\((.*)\)", r"_\1", name[:-1])
        return gauge(f"node_memory_numa_{plain}", f"Memory of the node: {plain}.", "node")
    return counter(
        f"node_memory_numa_{name}_total", f"Allocations of pages by node: {name}.", "node"
    )
