"""What time it is, and by which clock."""

import time
from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.time import Time
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

CLOCK = "sys/devices/system/clocksource/clocksource0"


def test_the_time_and_its_zone_are_given(paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Time(paths, NoOptions(), clock=lambda: 1760613545.25))
    assert samples["node_time_seconds",] == 1760613545.25
    zone = next(labels for labels in samples if labels[0] == "node_time_zone_offset_seconds")
    local = time.localtime(1760613545.25)
    assert (zone[1], samples[zone]) == (local.tm_zone, local.tm_gmtoff)
    assert len(samples) == 2


def test_clock_sources_are_named(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{CLOCK}/available_clocksource", "tsc hpet \n")
    write(f"{CLOCK}/current_clocksource", "tsc\n")
    collector = Time(paths, NoOptions())
    assert [labels for labels in scrape(collector) if "clocksource" in labels[0]] == [
        ("node_time_clocksource_available_info", "0", "tsc"),
        ("node_time_clocksource_available_info", "0", "hpet"),
        ("node_time_clocksource_current_info", "0", "tsc"),
    ]
    write(f"{CLOCK}/current_clocksource", "hpet\n")
    assert ("node_time_clocksource_current_info", "0", "hpet") in scrape(collector)
