"""TCP connections by state."""

from collections.abc import Callable

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.tcpstat import Tcpstat
from hyperion_exporter.paths import Paths

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_connections_are_counted_and_their_queues_summed(paths: Paths, scrape: Scrape) -> None:
    sockets = [(1, 5, 0), (1, 0, 7), (6, 0, 0), (10, 1, 128)]
    samples = scrape(Tcpstat(paths, NoOptions(), read=lambda: sockets))
    assert {state: count for (_, state), count in samples.items() if count} == {
        "established": 2,
        "time_wait": 1,
        "listen": 1,
        "rx_queued_bytes": 6,
        "tx_queued_bytes": 135,
    }
    assert len(samples) == 13, "a state that no connection is in is 0, not missing"
