"""From what a disk says to how often all is looked at: smart, health and adaptive together."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.collector import Block, Collector, NoOptions, Table, gauge
from hyperion_exporter.collectors.adaptive import QUIET_SECONDS, Adaptive
from hyperion_exporter.collectors.health import Health
from hyperion_exporter.collectors.health import Options as HealthOptions
from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from lab.disks import Disks
from lab.wait import wait_for

Parse = Callable[[str], dict[tuple[str, ...], float]]

WELL: dict[str, Any] = {
    "json_format_version": [1, 0],
    "smartctl": {"version": [7, 3], "svn_revision": "5338", "build_info": "-", "exit_status": 0},
    "device": {"type": "nvme", "protocol": "NVMe"},
    "model_name": "Quick",
    "smart_status": {"passed": True},
    "nvme_smart_health_information_log": {"critical_warning": 0, "percentage_used": 3},
}
FAILING = WELL | {"smart_status": {"passed": False}}
RECOMMENDED = ("hyperion_scrape_interval_recommended_seconds",)
INTERVAL = ("hyperion_smart_interval_seconds", "nvme0")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    disks = Disks(tmp_path / "smartctl")
    yield disks
    disks.let_go()


@pytest.fixture
def scraped(
    disks: Disks, paths: Paths, parse: Parse
) -> Callable[[float], dict[tuple[str, ...], float]]:
    """The page, so many seconds later."""
    clock = Clock()
    smart = Smart(paths, Options(), [str(disks.bin)], clock)
    health = Health(paths, HealthOptions(), clock)
    guard = Guard([Adaptive(paths, NoOptions(), clock), health, smart])

    def scraped(seconds: float) -> dict[tuple[str, ...], float]:
        clock.now += seconds
        return parse(guard.gather(20))

    return scraped


def until(
    scraped: Callable[[float], dict[tuple[str, ...], float]], sample: tuple[str, ...], value: float
) -> dict[tuple[str, ...], float]:
    def look() -> dict[tuple[str, ...], float]:
        page = scraped(0)
        return page if page.get(sample) == value else {}

    return wait_for(look, 10, f"{sample} {value}")


def test_a_failing_disk_makes_that_the_machine_is_looked_at_often(
    disks: Disks, scraped: Callable[[float], dict[tuple[str, ...], float]]
) -> None:
    disks.put("/dev/nvme0", FAILING)
    page = until(scraped, INTERVAL, 150)
    assert page[RECOMMENDED] == 15
    assert page["hyperion_health_score",] == 40
    reason = ("hyperion_health_component_loss", "disk_health", "disk is failing", "nvme0")
    assert page[reason] == 100


class Failing(Collector):
    """A disk that says so at once."""

    name = "smart"
    help = "-"

    def __init__(self) -> None: ...

    def collect(self) -> Iterable[Block]:
        verdict = gauge("hyperion_smart_verdict", "-", "device")
        return [Table((verdict,), {("nvme0",): (3,)})]


def test_what_is_recommended_is_so_for_the_health_on_the_same_page(
    paths: Paths, parse: Parse
) -> None:
    health = Health(paths, HealthOptions())
    page = parse(Guard([Adaptive(paths, NoOptions()), health, Failing()]).gather(20))
    assert (page["hyperion_health_score",], page[RECOMMENDED]) == (40, 15)


def test_where_all_is_quiet_for_long_the_disks_are_left_in_peace_too(
    disks: Disks, scraped: Callable[[float], dict[tuple[str, ...], float]]
) -> None:
    disks.put("/dev/nvme0", WELL)
    page = until(scraped, INTERVAL, 300)
    assert page[RECOMMENDED] == 30
    scraped(QUIET_SECONDS)
    page = until(scraped, INTERVAL, 600)
    assert page[RECOMMENDED] == 60
