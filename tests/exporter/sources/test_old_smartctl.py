"""A smartctl of before 7.0: what it prints for people gives the same families.

Of counters the parser of the pages writes _total behind the name.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.paths import Paths
from lab.disks import Disks
from lab.wait import wait_for

Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]

SAID = Path(__file__).parent / "old_smartctl"
SOON = 20.0


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    disks = Disks(tmp_path / "smartctl")
    disks.grow_old()
    return disks


@pytest.fixture
def read(disks: Disks, paths: Paths, scrape: Scrape) -> Callable[..., Samples]:
    """The page about one disk that says this."""

    def read(said: str, name: str, kind: str, mood: str = "awake") -> Samples:
        disks.put(name, said, kind, mood=mood)
        smart = Smart(paths, Options(), [str(disks.bin)])
        label = name.removeprefix("/dev/")

        def asked() -> Samples:
            page = scrape(smart)
            power = [key for key in page if key[0] == "hyperion_smart_power_mode"]
            failed = page.get(("hyperion_smart_read_success", label)) == 0
            return page if failed or power and power[0][2] != "unknown" else {}

        return wait_for(asked, SOON, "the disk to be asked")

    return read


def said(protocol: str) -> str:
    return (SAID / f"{protocol}.txt").read_text()


def test_a_sata_disk_is_read(read: Callable[..., Samples], disks: Disks) -> None:
    page = read(said("ata"), "/dev/sda", "sat")
    flags = "PO--CK", "prefailure,updated_online,event_count,auto_keep"
    row = ("smartctl_device_attribute", "sda", "Reallocated_Sector_Ct", *flags)
    assert page[*row, "raw", "5"] == 304
    assert page[*row, "thresh", "5"] == 36
    assert page["smartctl_device_temperature", "sda", "current"] == 32
    assert page["smartctl_device_power_on_seconds_total", "sda"] == 44670 * 3600
    assert page["smartctl_device_power_cycle_count_total", "sda"] == 26
    assert page["smartctl_device_capacity_bytes", "sda"] == 500107862016
    assert page["smartctl_device_rotation_rate", "sda"] == 7200
    assert page["smartctl_device_smart_status", "sda"] == 1
    assert page["hyperion_smart_self_test_passed", "sda"] == 0
    assert page["hyperion_smart_self_test_age_seconds", "sda"] == 70 * 3600
    assert page["hyperion_smart_verdict", "sda", "fail", "reallocated sectors"] == 3
    assert "--nocheck=standby" in disks.calls("/dev/sda")[-1]
    assert len([call for call in disks.calls("/dev/sda") if "--all" in call]) == 1


def test_an_nvme_disk_is_read(read: Callable[..., Samples]) -> None:
    page = read(said("nvme"), "/dev/nvme0", "nvme")
    assert page["smartctl_device_percentage_used_total", "nvme0"] == 83
    assert page["smartctl_device_bytes_written_total", "nvme0"] == 7654321 * 512000
    assert page["hyperion_smart_nvme_unsafe_shutdowns_total", "nvme0"] == 12
    assert page["hyperion_smart_nvme_sensor_celsius", "nvme0", "2"] == 45
    assert page["smartctl_device_nvme_capacity_bytes", "nvme0"] == 512110190592
    assert page["hyperion_smart_verdict", "nvme0", "warn", "endurance"] == 2


def test_a_sas_disk_is_read(read: Callable[..., Samples]) -> None:
    page = read(said("scsi"), "/dev/sdb", "scsi")
    assert page["smartctl_scsi_grown_defect_list", "sdb"] == 260
    assert page["smartctl_write_total_uncorrected_errors", "sdb"] == 535
    assert page["smartctl_device_bytes_read_total", "sdb"] == 11523849000000
    assert page["hyperion_smart_verdict", "sdb", "fail", "uncorrected errors"] == 3


def test_a_sleeping_disk_is_left_asleep(read: Callable[..., Samples], disks: Disks) -> None:
    page = read(said("ata"), "/dev/sda", "sat", mood="standby")
    assert page["hyperion_smart_power_mode", "sda", "standby"] == 1
    assert ("smartctl_device_smart_status", "sda") not in page


@pytest.mark.parametrize("protocol", ["ata", "nvme", "scsi"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_half_an_answer_kills_nothing(
    protocol: str, part: float, read: Callable[..., Samples]
) -> None:
    whole = said(protocol)
    page = read(whole[: int(len(whole) * part)], "/dev/disk", "auto")
    assert page["smartctl_devices",] == 1
