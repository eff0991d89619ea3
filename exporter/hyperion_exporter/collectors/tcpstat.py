"""How many TCP connections are in each state, and what waits in their queues."""

from collections.abc import Callable, Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, gauge, one
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import tcp

STATES = gauge(
    "node_tcp_connection_states",
    "TCP connections by state, and under two more names the bytes in their queues.",
    "state",
)
# In the kernel's order, which begins at 1 (net/tcp_states.h).
NAMES = (
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
)
COLUMNS = tuple(
    STATES.column(state=name) for name in (*NAMES, "rx_queued_bytes", "tx_queued_bytes")
)


class Tcpstat(Collector):
    name = "tcpstat"
    help = "TCP connections by state."

    def __init__(
        self,
        paths: Paths,
        _: NoOptions,
        read: Callable[[], Iterable[tuple[int, int, int]]] = tcp.read,
    ) -> None:
        self._read = read

    def collect(self) -> Iterable[Block]:
        counts = [0] * len(NAMES)
        received = sent = 0
        for state, unread, unsent in self._read():
            counts[state - 1] += 1
            # Of a listening socket these count connections; node_exporter adds them all the same.
            received += unread
            sent += unsent
        return [one(COLUMNS, (*counts, received, sent))]
