"""What the kernel keeps in its own caches of objects. Only root may ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Filter,
    Labels,
    Table,
    Value,
    gauge,
    option,
)
from hyperion_exporter.paths import Paths

# In the order of a line of /proc/slabinfo.
COLUMNS = (
    gauge("node_slabinfo_active_objects", "Objects in use.", "slab"),
    gauge("node_slabinfo_objects", "Objects there is room for, in use or not.", "slab"),
    gauge("node_slabinfo_object_size_bytes", "Size of one object.", "slab"),
    gauge("node_slabinfo_objects_per_slab", "Objects in one slab.", "slab"),
    gauge("node_slabinfo_pages_per_slab", "Pages of memory in one slab.", "slab"),
)


@dataclass(frozen=True)
class Options:
    slabs_include: str = option(".*", "regular expression of the only caches to give")
    slabs_exclude: str = option("", "regular expression of the caches to leave out")


class Slabinfo(Collector):
    name = "slabinfo"
    help = "Object caches of the kernel from /proc/slabinfo."
    default = False
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("slabinfo")
        self._wanted = Filter(options.slabs_include, options.slabs_exclude)

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for line in self._file.lines()[2:]:
            name, *values = line.split()
            if self._wanted(name):
                rows[(name,)] = values[: len(COLUMNS)]
        return [Table(COLUMNS, rows)]
