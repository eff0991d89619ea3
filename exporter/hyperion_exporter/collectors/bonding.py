"""How many links each bond is made of, and how many of them carry traffic."""

from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import Block, Collector, Labels, NoOptions, Table, Value, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Kept, Paths

SLAVES = gauge("node_bonding_slaves", "Links that the bond is configured with.", "master")
ACTIVE = gauge("node_bonding_active", "Links of the bond that are up.", "master")


class Bonding(Collector):
    name = "bonding"
    help = "Configured and active links of bonded interfaces."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._interfaces = Devices(paths.sys("class/net"))
        self._masters = Kept(paths.sys("class/net/bonding_masters"))

    def collect(self) -> Iterable[Block]:
        masters = self._masters.text().split()
        present = set(self._interfaces.names())
        rows: dict[Labels, Sequence[Value]] = {}
        for master in masters:
            if master in present:
                slaves = (self._interfaces.read(master, "bonding/slaves") or "").split()
                rows[(master,)] = (len(slaves), sum(self._up(master, slave) for slave in slaves))
        return [Table((SLAVES, ACTIVE), rows)]

    def _up(self, master: str, slave: str) -> bool:
        # Linux before 3.13 calls the link slave_, not lower_.
        for link in (f"lower_{slave}/bonding_slave", f"slave_{slave}/bonding_slave"):
            status = self._interfaces.read(master, f"{link}/mii_status")
            if status is not None:
                return status == "up"
        return False
