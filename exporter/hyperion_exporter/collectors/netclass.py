"""What the network interfaces are: addresses, state, speed, limits."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Filter,
    NoData,
    Samples,
    counter,
    gauge,
    option,
)
from hyperion_exporter.paths import Kept, Paths
from hyperion_exporter.sources.links import Links

# Facts that the kernel may change without a word, as the speed of a bond, are not older than this.
TRUST_SECONDS = 300
# 1 Mb/s.
MEGABIT_BYTES = 125_000
# IFF_UP, the first bit of the flags.
UP_FLAG = 1


def _gauge(name: str, help: str) -> Family:
    return gauge(f"node_network_{name}", help, "device")


def _count(name: str, help: str) -> Family:
    return counter(f"node_network_{name}_total", help, "device")


FACTS = {
    "addr_assign_type": _gauge("address_assign_type", "How the address was chosen."),
    "carrier": _gauge("carrier", "Whether the link is there."),
    "carrier_changes": _count("carrier_changes", "Times the link came or went."),
    "carrier_up_count": _count("carrier_up_changes", "Times the link came."),
    "carrier_down_count": _count("carrier_down_changes", "Times the link went."),
    "dev_id": _gauge("device_id", "Number of the device among those that share its address."),
    "dormant": _gauge("dormant", "Whether it waits for something outside, such as a login."),
    "flags": _gauge("flags", "The interface's flags."),
    "ifindex": _gauge("iface_id", "The kernel's number of the interface."),
    "iflink": _gauge("iface_link", "Number of the interface below it, or its own."),
    "link_mode": _gauge("iface_link_mode", "Whether it stays dormant until told otherwise."),
    "mtu": _gauge("mtu_bytes", "Size of the largest packet."),
    "name_assign_type": _gauge("name_assign_type", "How the name was chosen."),
    "netdev_group": _gauge("net_dev_group", "Group of the interface."),
    "tx_queue_len": _gauge("transmit_queue_length", "Most packets that may wait to be sent."),
    "type": _gauge("protocol_type", "What kind of link it is."),
}
SPEED = _gauge("speed_bytes", "Speed of the link.")
UP = _gauge("up", "Whether the interface works.")
WORDS = ("address", "broadcast", "duplex", "ifalias", "operstate")
INFO = gauge("node_network_info", "Words about the interface.", "device", *WORDS, "adminstate")
FILES = (*FACTS, *WORDS, "speed")

Interface = dict[str, str]


@dataclass(frozen=True)
class Options:
    ignored_devices: str = option("^$", "regular expression of the interfaces to leave out")
    ignore_invalid_speed: bool = option(False, "leave out the speed where it is not known")


class Netclass(Collector):
    """Reads an interface once, and again when the kernel says that it changed.

    Twenty files for each are too many to read each time, and too many to keep open.
    """

    name = "netclass"
    help = "State, addresses, speed and limits of network interfaces."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        links: Links | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = paths.sys("class/net")
        self._wanted = Filter("", options.ignored_devices)
        self._skip_unknown_speed = options.ignore_invalid_speed
        # Another /sys may show another machine's interfaces, of which this kernel says nothing.
        self._links = links or (Links() if paths.sysfs == Paths().sysfs else None)
        self._clock = clock
        self._read_at = 0.0
        self._interfaces: dict[str, Interface] = {}
        self._samples = Samples()

    def collect(self) -> Iterable[Block]:
        changed = self._links.changed() if self._links else None
        known, now = self._interfaces, self._clock()
        if changed is None or now - self._read_at > TRUST_SECONDS:
            known, self._read_at = {}, now
        elif known and not changed:
            return [self._samples]
        # Nothing is known while we look: what was said of a look that fails is not said again.
        self._interfaces = {}
        found = self._read(known, {str(number) for number in changed or ()})
        samples = Samples()
        for device, interface in found.items():
            self._add(samples, device, interface)
        self._interfaces, self._samples = found, samples
        return [samples]

    def _read(self, known: dict[str, Interface], changed: set[str]) -> dict[str, Interface]:
        found = {}
        for folder in sorted(self._folder.iterdir()):
            # Beside the interfaces lies a file, bonding_masters.
            if not (self._wanted(folder.name) and folder.is_dir()):
                continue
            interface = known.get(folder.name)
            if interface is None or interface["ifindex"] in changed:
                interface = _interface(folder)
            # It may vanish while we look.
            if "ifindex" in interface:
                found[folder.name] = interface
        if not found:
            raise NoData("no network interface")
        return found

    def _add(self, samples: Samples, device: str, interface: Interface) -> None:
        samples.add(UP, int(interface.get("operstate") == "up"), device)
        words = (interface.get(word, "") for word in WORDS)
        samples.add(INFO, 1, device, *words, _admin_state(interface))
        for file, family in FACTS.items():
            if value := interface.get(file):
                samples.add(family, int(value, 16) if value.startswith("0x") else value, device)
        speed = interface.get("speed")
        if speed and not (speed.startswith("-") and self._skip_unknown_speed):
            samples.add(SPEED, int(speed) * MEGABIT_BYTES, device)


def _interface(folder: Path) -> Interface:
    facts = {}
    for file in FILES:
        try:
            facts[file] = Kept(folder / file).text().strip()
        except OSError:
            # The speed of what is down, the duplex of what has none.
            continue
    return facts


def _admin_state(interface: Interface) -> str:
    if "flags" not in interface:
        return "unknown"
    return "up" if int(interface["flags"], 16) & UP_FLAG else "down"
