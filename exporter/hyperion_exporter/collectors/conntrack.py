"""How full the table of tracked connections is, and what could not be tracked."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

ENTRIES = gauge("node_nf_conntrack_entries", "Connections tracked now.")
LIMIT = gauge("node_nf_conntrack_entries_limit", "Connections that can be tracked at most.")
STATISTICS = {
    name: gauge(f"node_nf_conntrack_stat_{name}", help)
    for name, help in {
        "found": "Look-ups that found a connection.",
        "invalid": "Packets that belong to no connection that could be tracked.",
        "ignore": "Packets that were tracked already.",
        "insert": "Connections put into the table.",
        "insert_failed": "Connections that could not be put into the table.",
        "drop": "Packets dropped because tracking failed.",
        "early_drop": "Connections dropped to make room for new ones.",
        "search_restart": "Look-ups begun anew because the table was resized.",
    }.items()
}


class Conntrack(Collector):
    name = "conntrack"
    help = "Connections tracked by netfilter."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._count = paths.proc("sys/net/netfilter/nf_conntrack_count")
        self._max = paths.proc("sys/net/netfilter/nf_conntrack_max")
        self._statistics = paths.proc("net/stat/nf_conntrack")

    def collect(self) -> Iterable[Block]:
        return _blocks(self._count.text(), self._max.text(), self._told())

    def _told(self) -> str | None:
        try:
            return self._statistics.text()
        except FileNotFoundError:
            return None  # a kernel may be built without it


# What reads the same gives the same blocks, which are not looked through again.
@lru_cache(maxsize=1)
def _blocks(count: str, limit: str, statistics: str | None) -> Sequence[Block]:
    samples = Samples()
    samples.add(ENTRIES, count.strip())
    samples.add(LIMIT, limit.strip())
    if statistics is not None:
        for name, value in _sums(statistics).items():
            samples.add(STATISTICS[name], value)
    return [samples]


def _sums(statistics: str) -> dict[str, int]:
    """Of all processors; a line for each, in hexadecimal. The columns vary with the kernel."""
    names, *lines = (line.split() for line in statistics.split("\n") if line)
    columns = zip(names, zip(*lines, strict=True), strict=True)
    return {
        name: sum(int(value, 16) for value in values)
        for name, values in columns
        if name in STATISTICS
    }
