"""How many sockets of each protocol there are, and the memory that they hold."""

import resource
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, Family, NoData, NoOptions, Samples, gauge
from hyperion_exporter.paths import Kept, Paths

USED = gauge("node_sockstat_sockets_used", "Sockets in use, of all kinds.")


class Sockstat(Collector):
    name = "sockstat"
    help = "Sockets in use from /proc/net/sockstat and sockstat6."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._files = (paths.proc("net/sockstat"), paths.proc("net/sockstat6"))
        self._families: dict[tuple[str, str], Family] = {("sockets:", "used"): USED}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for file in self._files:
            for line in _lines(file):
                # TCP: inuse 4 orphan 0 tw 4 alloc 17 mem 1
                protocol, *words = line.split()
                for field, value in zip(words[::2], words[1::2], strict=True):
                    samples.add(self._family(protocol, field), value)
                    if field == "mem":  # in pages
                        size = int(value) * resource.getpagesize()
                        samples.add(self._family(protocol, "mem_bytes"), size)
        if not samples.values():
            raise NoData("no network protocols")
        return [samples]

    def _family(self, protocol: str, field: str) -> Family:
        known = self._families.get((protocol, field))
        if known is None:
            name = protocol.rstrip(":")
            known = gauge(f"node_sockstat_{name}_{field}", f"Sockets of {name}: {field}.")
            self._families[(protocol, field)] = known
        return known


def _lines(file: Kept) -> list[str]:
    try:
        return file.lines()
    except FileNotFoundError:
        return []  # IPv4 or IPv6 is off
