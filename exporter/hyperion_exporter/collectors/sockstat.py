"""How many sockets of each protocol there are, and the memory that they hold."""

import resource
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from hyperion_exporter.collector import Block, Collector, Family, NoData, NoOptions, Samples, gauge
from hyperion_exporter.paths import Kept, Paths

USED = gauge("node_sockstat_sockets_used", "Sockets in use, of all kinds.")


class Sockstat(Collector):
    name = "sockstat"
    help = "Sockets in use from /proc/net/sockstat and sockstat6."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._files = (paths.proc("net/sockstat"), paths.proc("net/sockstat6"))

    def collect(self) -> Iterable[Block]:
        return _blocks(*map(_text, self._files))


def _text(file: Kept) -> str:
    try:
        return file.text()
    except FileNotFoundError:
        return ""  # IPv4 or IPv6 is off


# What reads the same gives the same blocks, which are not looked through again.
@lru_cache(maxsize=1)
def _blocks(*texts: str) -> Sequence[Block]:
    samples = Samples()
    for line in filter(None, "\n".join(texts).split("\n")):
        # TCP: inuse 4 orphan 0 tw 4 alloc 17 mem 1
        protocol, *words = line.split()
        for field, value in zip(words[::2], words[1::2], strict=True):
            samples.add(_family(protocol, field), value)
            if field == "mem":  # in pages
                size = int(value) * resource.getpagesize()
                samples.add(_family(protocol, "mem_bytes"), size)
    if not samples.values():
        raise NoData("no network protocols")
    return [samples]


@cache
def _family(protocol: str, field: str) -> Family:
    if (protocol, field) == ("sockets:", "used"):
        return USED
    name = protocol.rstrip(":")
    return gauge(f"node_sockstat_{name}_{field}", f"Sockets of {name}: {field}.")
