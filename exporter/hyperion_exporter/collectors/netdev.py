"""What the network interfaces sent and received, and the addresses that they have."""

import re
from collections.abc import Callable, Iterable, Sequence
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
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import addresses


def _columns(names: Iterable[str], *labels: str) -> tuple[Family, ...]:
    return tuple(
        counter(
            f"node_network_{name}_total",
            f"Interface statistic: {name.replace('_', ' ')}.",
            "device",
            *labels,
        )
        for name in names
    )


# In the order of a line of /proc/net/dev.
NAMES = [
    f"{way}_{what}"
    for way, names in {
        "receive": "bytes packets errs drop fifo frame compressed multicast",
        "transmit": "bytes packets errs drop fifo colls carrier compressed",
    }.items()
    for what in names.split()
]
COLUMNS = _columns(NAMES)
# The one counter that /proc/net/dev leaves out.
NOHANDLER = "rx_nohandler"
# The kernel's own counters, of which /proc/net/dev has several in sum.
DETAILS = (
    "collisions", "multicast",
    "rx_bytes", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors", "rx_fifo_errors",
    "rx_frame_errors", "rx_length_errors", "rx_missed_errors", NOHANDLER, "rx_over_errors",
    "rx_packets",
    "tx_aborted_errors", "tx_bytes", "tx_carrier_errors", "tx_compressed", "tx_dropped",
    "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_packets", "tx_window_errors",
)  # fmt: skip
WAYS = {"rx": "receive", "tx": "transmit"}
ADDRESS = gauge(
    "node_network_address_info", "An address of the interface; always 1.",
    "address", "device", "netmask", "scope",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the interfaces to leave out")
    device_include: str = option("", "regular expression of the only interfaces to give")
    address_info: bool = option(False, "give the addresses of the interfaces")
    enable_detailed_metrics: bool = option(
        False, "give the kernel's own counters, each error for itself, under other names"
    )
    label_ifalias: bool = option(False, "add the interface's alias as a label")


class Netdev(Collector):
    name = "netdev"
    help = "Network interface statistics from /proc/net/dev."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        read_addresses: Callable[[], list[tuple[str, addresses.Interface]]] = addresses.read,
    ) -> None:
        self._file = paths.proc("net/dev")
        self._interfaces = Devices(paths.sys("class/net"))
        self._wanted = Filter(options.device_include, options.device_exclude)
        self._read_addresses = read_addresses if options.address_info else None
        self._alias = ("ifalias",) if options.label_ifalias else ()
        self._detailed = options.enable_detailed_metrics
        self._columns = _columns(NAMES, *self._alias) if self._alias else COLUMNS
        # Files of /sys, and the families that they become.
        self._files = _files(DETAILS if self._detailed else (NOHANDLER,), self._alias)

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        counts = Samples()
        # Forgets the files of interfaces that have gone.
        self._interfaces.names()
        for line in self._file.lines()[2:]:
            # A name may itself hold a colon (an alias), a number cannot.
            device, values = line.rsplit(":", 1)
            device = device.strip()
            if self._wanted(device):
                labels = (device, *(self._interfaces.read(device, f) or "" for f in self._alias))
                if not self._detailed:
                    rows[labels] = values.split()
                for file, family in self._files.items():
                    if value := self._interfaces.read(device, file):
                        counts.add(family, value, *labels)
        return [Table(self._columns, rows), counts, self._addresses()]

    def _addresses(self) -> Samples:
        samples = Samples()
        if self._read_addresses:
            for device, found in self._read_addresses():
                if self._wanted(device):
                    length = str(found.network.prefixlen)
                    samples.add(ADDRESS, 1, str(found.ip), device, length, _scope(found))
        return samples


def _scope(address: addresses.Interface) -> str:
    return "link-local" if address.is_loopback or address.is_link_local else "global"


def _files(names: Iterable[str], labels: Labels) -> dict[str, Family]:
    plain = [re.sub("^[rt]x", lambda way: WAYS[way[0]], name) for name in names]
    files = (f"statistics/{name}" for name in names)
    return dict(zip(files, _columns(plain, *labels), strict=True))
