"""How processors keep up with packets."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.softnet import Softnet
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_hexadecimal_columns_become_numbers(paths: Paths, write: Write, scrape: Scrape) -> None:
    # Processor 1 is off, so the second line is that of 2.
    write(
        "proc/net/softnet_stat",
        "000000ff 1 2 0 0 0 0 0 3 4 5 6 00000000 0 0\n"
        "00000010 0 0 0 0 0 0 0 0 0 0 0 00000002 0 0\n",
    )
    samples = scrape(Softnet(paths, NoOptions()))
    assert {name: value for (name, cpu), value in samples.items() if cpu == "0"} == {
        "node_softnet_processed_total": 255,
        "node_softnet_dropped_total": 1,
        "node_softnet_times_squeezed_total": 2,
        "node_softnet_cpu_collision_total": 3,
        "node_softnet_received_rps_total": 4,
        "node_softnet_flow_limit_count_total": 5,
        "node_softnet_backlog_len": 6,
    }
    assert samples["node_softnet_processed_total", "2"] == 16


def test_an_older_kernel_gives_fewer_columns_in_the_order_of_processors(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/softnet_stat", "a 0 0 0 0 0 0 0 0\nb 0 0 0 0 0 0 0 0\n")
    samples = scrape(Softnet(paths, NoOptions()))
    assert samples["node_softnet_processed_total", "1"] == 11
    assert samples["node_softnet_backlog_len", "1"] == 0
