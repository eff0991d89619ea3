"""What the network interfaces sent and received."""

from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Filter, Samples, option
from hyperion_exporter.collectors import netdev
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.paths import Paths

FAMILIES = {family.name: family for family in netdev.COLUMNS}
# By psutil's name.
FIELDS = {
    name: FAMILIES[f"node_network_{what}_total"]
    for name, what in {
        "bytes_recv": "receive_bytes",
        "packets_recv": "receive_packets",
        "errin": "receive_errs",
        "dropin": "receive_drop",
        "bytes_sent": "transmit_bytes",
        "packets_sent": "transmit_packets",
        "errout": "transmit_errs",
        "dropout": "transmit_drop",
    }.items()
}
# psutil says 0 where the system does not count.
UNCOUNTED = {"darwin": {"dropout"}}


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the interfaces to leave out")
    device_include: str = option("", "regular expression of the only interfaces to give")


class Netdev(Portable):
    name = "netdev"
    help = "Bytes, packets, errors and drops of the network interfaces."
    options = Options

    def __init__(self, paths: Paths, options: Options, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        self._wanted = Filter(options.device_include, options.device_exclude)
        uncounted = UNCOUNTED.get(self._system.platform, set())
        self._fields = {name: rest for name, rest in FIELDS.items() if name not in uncounted}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        # Prometheus itself sees where a counter begins anew.
        interfaces = self._system.psutil.net_io_counters(pernic=True, nowrap=False)
        for device, counts in interfaces.items():
            if self._wanted(device):
                for name, family in self._fields.items():
                    samples.add(family, getattr(counts, name), device)
        return [samples]
