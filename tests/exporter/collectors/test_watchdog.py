"""Watchdogs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.watchdog import Watchdog
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/watchdog/watchdog0"


def test_a_watchdog_has_times_and_words(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/timeout", "60\n")
    write(f"{HOME}/timeleft", "31\n")
    write(f"{HOME}/identity", "Software Watchdog\n")
    write(f"{HOME}/state", "active\n")
    assert scrape(Watchdog(paths, NoOptions())) == {
        ("node_watchdog_timeout_seconds", "watchdog0"): 60,
        ("node_watchdog_timeleft_seconds", "watchdog0"): 31,
        ("node_watchdog_info", "watchdog0", "", "Software Watchdog", "active", "", ""): 1,
    }


def test_a_watchdog_that_says_nothing_is_there_all_the_same(paths: Paths, scrape: Scrape) -> None:
    (paths.sysfs.parent / HOME).mkdir(parents=True)
    samples = scrape(Watchdog(paths, NoOptions()))
    assert samples == {("node_watchdog_info", "watchdog0", "", "", "", "", ""): 1}


def test_a_machine_without_a_watchdog_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Watchdog(paths, NoOptions()).collect())


def test_a_machine_that_could_have_one_and_has_none_is_no_fault(
    paths: Paths, scrape: Scrape
) -> None:
    paths.sys("class/watchdog").mkdir(parents=True)
    assert scrape(Watchdog(paths, NoOptions())) == {}
