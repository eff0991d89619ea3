"""Time that tasks ran and waited."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.schedstat import Schedstat
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_nanoseconds_become_seconds(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(
        "proc/schedstat",
        "version 15\ntimestamp 15819019232\n"
        "cpu0 498494191 0 3 2 3 2 2045936778163039 343796328169361 4767485306\n"
        "domain0 00000003 1 2 3\n",
    )
    assert scrape(Schedstat(paths, NoOptions())) == {
        ("node_schedstat_running_seconds_total", "0"): 2045936.778163039,
        ("node_schedstat_waiting_seconds_total", "0"): 343796.328169361,
        ("node_schedstat_timeslices_total", "0"): 4767485306,
    }
