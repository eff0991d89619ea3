"""What the network interfaces sent and received, and the addresses that they have."""

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
# The one counter that /proc/net/dev leaves out.
NOHANDLER = _column("receive", "nohandler")
ADDRESS = gauge(
    "node_network_address_info", "An address of the interface; always 1.",
    "address", "device", "netmask", "scope",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the interfaces to leave out")
    device_include: str = option("", "regular expression of the only interfaces to give")
    address_info: bool = option(False, "give the addresses of the interfaces")


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

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        nohandler: dict[Labels, Sequence[Value]] = {}
        # Forgets the files of interfaces that have gone.
        self._interfaces.names()
        for line in self._file.lines()[2:]:
            # A name may itself hold a colon (an alias), a number cannot.
            device, values = line.rsplit(":", 1)
            device = device.strip()
            if self._wanted(device):
                rows[(device,)] = values.split()
                if value := self._interfaces.read(device, "statistics/rx_nohandler"):
                    nohandler[(device,)] = (value,)
        return [Table(COLUMNS, rows), Table((NOHANDLER,), nohandler), self._addresses()]

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
