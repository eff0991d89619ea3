"""How many neighbours each interface knows the hardware address of."""

from collections import Counter
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

ENTRIES = gauge("node_arp_entries", "Neighbours in the ARP table of the interface.", "device")


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the interfaces to leave out")
    device_include: str = option("", "regular expression of the only interfaces to give")


class Arp(Collector):
    name = "arp"
    help = "Entries of the ARP table by interface."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("net/arp")
        self._wanted = Filter(options.device_include, options.device_exclude)

    def collect(self) -> Iterable[Block]:
        entries = Counter(line.split()[-1] for line in self._file.lines()[1:])
        rows: dict[Labels, Sequence[Value]] = {
            (device,): (count,) for device, count in entries.items() if self._wanted(device)
        }
        return [Table((ENTRIES,), rows)]
