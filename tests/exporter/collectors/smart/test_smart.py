"""Disks that are well, asleep, hung, gone, and that lie, through a smartctl that plays them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.program import Failed
from lab.disks import Disks, runs
from lab.wait import wait_for

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]
Write = Callable[[str, str], Path]

SOON = 10.0
SSD: dict[str, Any] = {
    "json_format_version": [1, 0],
    "smartctl": {"version": [7, 3], "svn_revision": "5338", "build_info": "-", "exit_status": 0},
    "device": {"type": "nvme", "protocol": "NVMe"},
    "model_name": "Quick",
    "temperature": {"current": 31},
    "smart_status": {"passed": True},
    "nvme_smart_health_information_log": {"critical_warning": 0, "percentage_used": 3},
}
HDD: dict[str, Any] = SSD | {
    "device": {"type": "sat", "protocol": "ATA"},
    "model_name": "Round",
    "rotation_rate": 7200,
    "power_on_time": {"hours": 100},
}
TIRED = HDD | {"smart_status": {"passed": False}}


class Clock:
    """The collector's hours; threads wait by the true ones."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    disks = Disks(tmp_path / "smartctl")
    yield disks
    disks.let_go()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def smart(disks: Disks, paths: Paths, clock: Clock) -> Callable[..., Smart]:
    return lambda **options: Smart(paths, Options(**options), [str(disks.bin)], clock)


def settled(scrape: Scrape, smart: Smart, *wanted: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    """The page as soon as these samples are on it."""

    def look() -> dict[tuple[str, ...], float]:
        page = scrape(smart)
        return page if all(sample in page for sample in wanted) else {}

    return wait_for(look, SOON, f"samples {wanted}")


def rest() -> None:
    """Until nothing that a scrape began goes on."""
    wait_for(
        lambda: "smart round" not in {thread.name for thread in threading.enumerate()},
        SOON,
        "the end of the round",
    )


def age(device: str) -> tuple[str, str]:
    return "hyperion_smart_age_seconds", device


def success(device: str) -> tuple[str, str]:
    return "hyperion_smart_read_success", device


def test_a_disk_tells_how_it_is(disks: Disks, smart: Callable[..., Smart], scrape: Scrape) -> None:
    disks.put("/dev/nvme0", SSD)
    page = settled(scrape, smart(), age("nvme0"))
    assert page["smartctl_device_temperature", "nvme0", "current"] == 31
    assert page["smartctl_device_smart_status", "nvme0"] == 1
    assert page["hyperion_smart_verdict", "nvme0", "ok", ""] == 0
    assert page["hyperion_smart_power_mode", "nvme0", "active"] == 1
    assert page["smartctl_version", "1.0", "7.3", "5338", "-"] == 1
    assert page[success("nvme0")] == page["smartctl_devices",] == 1


def test_a_disk_is_asked_once_an_interval_and_never_woken(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/nvme0", SSD)
    collector = smart(interval=300, rescan=100_000)
    settled(scrape, collector, age("nvme0"))
    for _ in range(20):
        scrape(collector)
    rest()
    assert len(disks.calls("/dev/nvme0")) == 1
    clock.ahead += 301
    scrape(collector)
    wait_for(lambda: len(disks.calls("/dev/nvme0")) == 2, SOON, "the second call")
    for call in disks.calls("/dev/nvme0"):
        assert "--nocheck=standby,3" in call
        assert "--device=nvme" in call
    assert len(disks.calls()) == 3, "and one scan"


def test_a_rotating_disk_is_asked_less_often_as_long_as_it_is_well(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.put("/dev/nvme0", SSD)
    disks.put("/dev/sda", HDD, "sat")
    disks.put("/dev/sdb", TIRED, "sat")
    page = settled(scrape, smart(), age("nvme0"), age("sda"), age("sdb"))
    intervals = {device: page["hyperion_smart_interval_seconds", device]
                 for device in ("nvme0", "sda", "sdb")}  # fmt: skip
    assert intervals == {"nvme0": 300, "sda": 900, "sdb": 300}


def test_a_disk_that_falls_asleep_keeps_its_last_values_with_their_age(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/sda", HDD, "sat")
    collector = smart()
    settled(scrape, collector, age("sda"))
    disks.put("/dev/sda", HDD, "sat", mood="standby")
    clock.ahead += 901
    page = settled(scrape, collector, ("hyperion_smart_power_mode", "sda", "standby"))
    assert page["smartctl_device_temperature", "sda", "current"] == 31
    assert page[age("sda")] > 900
    assert page[success("sda")] == 1
    assert ("hyperion_smart_power_mode", "sda", "active") not in page


def test_a_disk_that_sleeps_from_the_start_is_listed(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.put("/dev/sda", HDD, "sat", mood="standby")
    page = settled(scrape, smart(), ("hyperion_smart_power_mode", "sda", "standby"))
    assert page[success("sda")] == 1
    assert age("sda") not in page
    assert page["smartctl_devices",] == 1


def test_idle_disks_are_left_alone_where_that_is_wanted(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.put("/dev/sda", HDD, "sat", mood="idle")
    settled(scrape, smart(), ("hyperion_smart_power_mode", "sda", "active"))
    settled(scrape, smart(skip_idle=True), ("hyperion_smart_power_mode", "sda", "idle"))


def test_a_hung_disk_costs_only_its_own_freshness(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/nvme0", SSD, mood="hung")
    disks.put("/dev/nvme1", SSD)
    collector = smart(timeout=30)
    page = settled(scrape, collector, age("nvme1"), success("nvme0"))
    assert disks.hung(), "the first one hangs all the while"
    begun = time.monotonic()
    for _ in range(10):
        scrape(collector)
    assert time.monotonic() - begun < 15, "no scrape waits"
    clock.ahead += 31
    page = scrape(collector)
    assert page[success("nvme0")] == 0
    assert page[success("nvme1")] == 1


def test_a_disk_that_hangs_is_ended_and_asked_again(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/nvme0", SSD, mood="hung")
    collector = smart(interval=60, timeout=1)
    settled(scrape, collector, success("nvme0"))
    wait_for(lambda: scrape(collector)[success("nvme0")] == 0, SOON, "the end of its time")
    wait_for(lambda: not any(map(runs, disks.hung())), SOON, "the hung one to be ended")
    disks.put("/dev/nvme0", SSD)
    clock.ahead += 61
    wait_for(lambda: scrape(collector)[success("nvme0")] == 1, SOON, "its answer")
    assert age("nvme0") in scrape(collector)


@pytest.mark.parametrize(
    "lie",
    [
        "",
        "[]",
        "null",
        '{"smartctl": {"version": [7',
        "[" * 100_000,
        '{"smartctl": 7}',
        "Segmentation fault\n",
        "\x00\xff",
    ],
)
def test_an_answer_that_is_none_never_kills_anything(
    lie: str, disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.put("/dev/nvme0", lie)
    disks.put("/dev/nvme1", SSD)
    page = settled(scrape, smart(), age("nvme1"))
    assert page[success("nvme1")] == 1
    assert page.get(success("nvme0")) == (1 if lie == '{"smartctl": 7}' else 0)


def test_an_answer_without_end_is_cut_off(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.put("/dev/nvme0", "x" * (5 << 20))
    page = settled(scrape, smart(), success("nvme0"))
    wait_for(lambda: scrape(smart())[success("nvme0")] == 0, SOON, "the refusal")
    assert age("nvme0") not in page


def test_a_disk_that_vanishes_is_not_read_and_then_forgotten(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/nvme0", SSD)
    disks.put("/dev/nvme1", SSD)
    collector = smart(interval=60, rescan=1000)
    settled(scrape, collector, age("nvme0"), age("nvme1"))
    disks.remove("/dev/nvme0")
    clock.ahead += 61
    scrape(collector)
    wait_for(lambda: scrape(collector)[success("nvme0")] == 0, SOON, "its absence")
    clock.ahead += 1000
    wait_for(lambda: success("nvme0") not in scrape(collector), SOON, "the next scan")


def test_a_new_disk_is_found(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/nvme0", SSD)
    collector = smart(rescan=500)
    settled(scrape, collector, age("nvme0"))
    disks.put("/dev/nvme1", SSD)
    clock.ahead += 501
    settled(scrape, collector, age("nvme1"))


def test_the_kind_of_a_disk_is_found_out_once(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, clock: Clock
) -> None:
    disks.put("/dev/sda", HDD, "scsi")
    collector = smart()
    settled(scrape, collector, age("sda"))
    clock.ahead += 901
    scrape(collector)
    wait_for(lambda: len(disks.calls("/dev/sda")) == 2, SOON, "the second call")
    first, second = disks.calls("/dev/sda")
    assert "--device=auto" in first
    assert "--device=sat" in second


def test_the_kernel_knows_a_sata_disk_without_opening_it(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape, write: Write
) -> None:
    write("sys/block/sda/device/vendor", "ATA     \n")
    disks.put("/dev/sda", HDD, "scsi")
    settled(scrape, smart(), age("sda"))
    assert "--device=sat" in disks.calls("/dev/sda")[0]


def test_disks_behind_a_controller_are_told_apart(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    for number in (5, 6):
        told = {"type": f"sat+megaraid,{number}", "protocol": "ATA"}
        disks.put("/dev/bus/0", HDD | {"device": told}, f"megaraid,{number}")
        # Of this one the answer does not say the number.
        disks.put("/dev/sg2", HDD | {"device": {"type": "cciss"}}, f"cciss,{number}")
    settled(
        scrape,
        smart(),
        age("bus_0_sat+megaraid_5"),
        age("bus_0_sat+megaraid_6"),
        age("sg2_cciss_5"),
        age("sg2_cciss_6"),
    )


def test_disks_can_be_named_and_left_out(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    for name in ("/dev/nvme0", "/dev/nvme1"):
        disks.put(name, SSD)
    disks.put("/dev/bus/0", HDD, "megaraid,5")
    page = settled(scrape, smart(device_exclude="nvme1|megaraid"), age("nvme0"))
    assert page["smartctl_devices",] == 1
    named = smart(device=("/dev/nvme1", "/dev/bus/0;megaraid,5"))
    page = settled(scrape, named, age("nvme1"), age("bus_0_megaraid_5"))
    assert page["smartctl_devices",] == 2


def test_a_scan_that_hangs_is_told_and_costs_no_scrape(
    disks: Disks, smart: Callable[..., Smart], scrape: Scrape
) -> None:
    disks.hang_the_scan()
    collector = smart(timeout=1)
    assert scrape(collector) == {("smartctl_devices",): 0}

    def told() -> str:
        try:
            return "" if list(collector.collect()) else "nothing"
        except Failed as fault:
            return str(fault)

    assert wait_for(told, SOON, "the end of the scan") == "smartctl gave no answer within 1 s"


def test_what_keeps_a_disk_from_being_read_is_logged_once(
    disks: Disks,
    smart: Callable[..., Smart],
    scrape: Scrape,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    collector = smart(device=("/dev/nvme7",), interval=60)
    wait_for(lambda: scrape(collector).get(success("nvme7")) == 0, SOON, "the failure")
    clock.ahead += 61
    scrape(collector)
    wait_for(lambda: len(disks.calls("/dev/nvme7")) == 2, SOON, "the second call")
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "disk /dev/nvme7 is not read: Smartctl open device: /dev/nvme7 failed: No such device"
    ]


def test_a_machine_without_smartctl_has_no_data(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(NoData):
        list(Smart(paths, Options(), [str(tmp_path)]).collect())


def test_a_machine_without_smartctl_starts_no_thread_and_brings_nothing_along(
    paths: Paths, tmp_path: Path
) -> None:
    page = Guard([Smart(paths, Options(), [str(tmp_path)])]).gather(5)
    assert 'hyperion_collector_failed{collector="smart"} 0' in page
    assert json.dumps("smartctl_devices") not in page
