"""How many bytes wait in the queues of all UDP sockets."""

from collections.abc import Iterable, Sequence

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
        rows: dict[Labels, Sequence[Value]] = {}
        for ip, file in self._files.items():
            try:
                lines = file.lines()
            except FileNotFoundError:
                continue
            queues = [line.split(None, 5)[4].split(":") for line in lines[1:]]
            rows[(ip,)] = [sum(int(queue[end], 16) for queue in queues) for end in (0, 1)]
        if not rows:
            raise NoData("no UDP")
        return [Table(COLUMNS, rows)]
