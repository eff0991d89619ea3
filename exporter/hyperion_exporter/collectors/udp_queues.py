"""How many bytes wait in the queues of all UDP sockets."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from hyperion_exporter.collector import (
    Block,
    Collector,
    Labels,
    NoData,
    NoOptions,
    Table,
    Value,
    gauge,
)
from hyperion_exporter.paths import Paths

QUEUES = gauge("node_udp_queues", "Bytes in the queues of the UDP sockets.", "queue", "ip")
COLUMNS = (QUEUES.column(queue="tx"), QUEUES.column(queue="rx"))


class UdpQueues(Collector):
    name = "udp_queues"
    help = "Queues of the UDP sockets from /proc/net/udp and udp6."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._files = {"v4": paths.proc("net/udp"), "v6": paths.proc("net/udp6")}

    def collect(self) -> Iterable[Block]:
        return _blocks(*((ip, text) for ip in self._files if (text := self._text(ip)) is not None))

    def _text(self, ip: str) -> str | None:
        try:
            return self._files[ip].text()
        except FileNotFoundError:
            return None


# What reads the same gives the same blocks, which are not looked through again.
@lru_cache(maxsize=1)
def _blocks(*texts: tuple[str, str]) -> Sequence[Block]:
    if not texts:
        raise NoData("no UDP")
    rows: dict[Labels, Sequence[Value]] = {}
    for ip, text in texts:
        lines = [line for line in text.split("\n") if line]
        queues = [line.split(None, 5)[4].split(":") for line in lines[1:]]
        rows[(ip,)] = [sum(int(queue[end], 16) for queue in queues) for end in (0, 1)]
    return [Table(COLUMNS, rows)]
