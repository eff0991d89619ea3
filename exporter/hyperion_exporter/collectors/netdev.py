"""What the network interfaces sent and received."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Labels,
    Table,
    Value,
    counter,
    option,
)
from hyperion_exporter.paths import Paths


def _column(way: str, what: str) -> Family:
    return counter(
        f"node_network_{way}_{what}_total", f"Interface statistic: {way} {what}.", "device"
    )


# In the order of a line of /proc/net/dev.
COLUMNS = tuple(
    _column(way, what)
    for way, names in {
        "receive": "bytes packets errs drop fifo frame compressed multicast",
        "transmit": "bytes packets errs drop fifo colls carrier compressed",
    }.items()
    for what in names.split()
)


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the interfaces to leave out")
    device_include: str = option("", "regular expression of the only interfaces to give")


class Netdev(Collector):
    name = "netdev"
    help = "Network interface statistics from /proc/net/dev."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("net/dev")
        self._exclude = re.compile(options.device_exclude) if options.device_exclude else None
        self._include = re.compile(options.device_include)

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for line in self._file.lines()[2:]:
            # A name may itself hold a colon (an alias), a number cannot.
            device, values = line.rsplit(":", 1)
            device = device.strip()
            if self._wanted(device):
                rows[(device,)] = values.split()
        return [Table(COLUMNS, rows)]

    def _wanted(self, device: str) -> bool:
        if self._exclude and self._exclude.search(device):
            return False
        return bool(self._include.search(device))
