"""Soft interrupts by processor."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.softirqs import Softirqs
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_they_are_counted_by_kind_and_processor(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(
        "proc/softirqs",
        "                    CPU0       CPU1\n          HI:          7          1\n",
    )
    assert scrape(Softirqs(paths, NoOptions())) == {
        ("node_softirqs_functions_total", "0", "HI"): 7,
        ("node_softirqs_functions_total", "1", "HI"): 1,
    }


def test_a_line_cut_short_is_a_fault(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/softirqs", " CPU0 CPU1\n HI: 7\n")
    with pytest.raises(ValueError, match="zip"):
        scrape(Softirqs(paths, NoOptions()))
