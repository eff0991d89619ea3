"""How full the table of tracked connections is, and what could not be tracked."""

from collections.abc import Iterable

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
        samples = Samples()
        samples.add(ENTRIES, self._count.text().strip())
        samples.add(LIMIT, self._max.text().strip())
        for name, value in self._sums().items():
            samples.add(STATISTICS[name], value)
        return [samples]

    def _sums(self) -> dict[str, int]:
        """Of all processors; a line for each, in hexadecimal. The columns vary with the kernel."""
        try:
            names, *lines = (line.split() for line in self._statistics.lines())
        except FileNotFoundError:
            return {}  # a kernel may be built without it
        columns = zip(names, zip(*lines, strict=True), strict=True)
        return {
            name: sum(int(value, 16) for value in values)
            for name, values in columns
            if name in STATISTICS
        }
