"""What block devices did, and what they are."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.diskstats import Diskstats, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

SDA = (
    "   8       0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 "
)
LINES = f"""\
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0
{SDA}9653880 82621804 11 12 13 14 15 1944
   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11
 252       2 dm-2 1 0 2 4 0 0 0 0 0 0 0
"""
UDEV = """\
S:disk/by-id/ata-disk
E:ID_ATA=1
E:ID_MODEL=TOSHIBA=X
E:ID_SERIAL=long
E:ID_SERIAL_SHORT=short
E:ID_WWN=0x7c
E:ID_PATH=pci-0
E:ID_REVISION=0102
E:ID_ATA_WRITE_CACHE=1
E:ID_ATA_ROTATION_RATE_RPM=broken
E:ID_FS_TYPE=ext4
E:ID_FS_UUID=aa-bb
"""


def facts(samples: dict[tuple[str, ...], float], name: str) -> list[tuple[str, ...]]:
    return [labels[1:] for labels in samples if labels[0] == name]


def test_sectors_become_bytes_and_milliseconds_seconds(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    samples = scrape(Diskstats(paths, Options()))
    assert samples["node_disk_read_bytes_total", "sda"] == 1003346126 * 512
    assert samples["node_disk_read_time_seconds_total", "sda"] == 18492.372
    assert samples["node_disk_discarded_sectors_total", "sda"] == 13
    assert samples["node_disk_flush_requests_time_seconds_total", "sda"] == 1.944
    assert ("node_disk_discards_completed_total", "dm-2") not in samples, "an older kernel's line"


def test_parts_and_loops_are_left_out_unless_asked_for(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    for options, devices in (
        (Options(), ["sda", "dm-2"]),
        (Options(device_exclude=""), ["loop0", "sda", "sda1", "dm-2"]),
        (Options(device_include="^(sda1|loop)"), ["loop0", "sda1"]),
    ):
        samples = scrape(Diskstats(paths, options))
        assert [device for (device,) in facts(samples, "node_disk_io_now")] == devices


def test_what_udev_knows_is_told(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/diskstats", LINES)
    write("udev/b8:0", UDEV)
    write("sys/block/sda/queue/rotational", "1\n")
    samples = scrape(Diskstats(paths, Options()))
    assert facts(samples, "node_disk_info") == [
        ("sda", "8", "0", "TOSHIBA=X", "pci-0", "0102", "1", "short", "0x7c"),
        ("dm-2", "252", "2", "", "", "", "0", "", ""),
    ]
    assert facts(samples, "node_disk_filesystem_info") == [("sda", "ext4", "", "aa-bb", "")]
    assert samples["node_disk_ata_write_cache", "sda"] == 1
    assert not facts(samples, "node_disk_ata_rotation_rate_rpm"), "not a number"


def test_a_mapped_device_names_what_it_is_made_of(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    write("udev/b252:2", "E:DM_NAME=system-root\nE:DM_VG_NAME=system\nE:DM_LV_NAME=root\n")
    for disk in ("sdb1", "sda2"):
        (paths.sysfs / "block/dm-2/slaves" / disk).mkdir(parents=True)
    samples = scrape(Diskstats(paths, Options()))
    mapped = [("dm-2", "system-root", "", "system", "root", "")]
    assert facts(samples, "node_disk_device_mapper_info") == mapped
    backing = facts(samples, "node_disk_device_mapper_backing_device_info")
    assert backing == [("dm-2", "sda2"), ("dm-2", "sdb1")]


def test_udev_is_read_again_only_when_it_changed(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    file = write("udev/b8:0", "E:ID_MODEL=old\n")
    collector = Diskstats(paths, Options())
    scrape(collector)
    before = file.stat()
    write("udev/b8:0", "E:ID_MODEL=bad\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert facts(scrape(collector), "node_disk_info")[0][3] == "old", "not read: nothing changed"
    # As udev does it: another file takes its place.
    write("udev/new", "E:ID_MODEL=new\n").rename(file)
    assert facts(scrape(collector), "node_disk_info")[0][3] == "new"


def test_udev_that_is_not_there_costs_only_what_it_knows(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    paths.udev_data.rmdir()
    samples = scrape(Diskstats(paths, Options()))
    assert samples["node_disk_reads_completed_total", "sda"] == 25354637
    assert facts(samples, "node_disk_info")[0][:3] == ("sda", "8", "0")


def test_after_a_damaged_reading_all_is_known_again(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/diskstats", LINES)
    disks = Diskstats(paths, Options())
    before = facts(scrape(disks), "node_disk_info")
    write("proc/diskstats", f"   8      16\n{LINES}")
    with pytest.raises(ValueError, match="unpack"):
        scrape(disks)
    # Another number, or nothing would be read anew.
    write("proc/diskstats", LINES.replace(" 1944\n", " 1945\n"))
    assert facts(scrape(disks), "node_disk_info") == before
