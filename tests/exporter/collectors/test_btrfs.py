"""Btrfs filesystems as /sys shows them; sources/test_btrfs.py asks for more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.btrfs import Btrfs
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.btrfs import Device

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

UUID = "11111111-2222-3333-4444-555555555555"
HOME = f"sys/fs/btrfs/{UUID}"


@pytest.fixture(autouse=True)
def filesystem(write: Write) -> None:
    write("proc/1/mountinfo", "29 1 0:1 / / rw - ext4 /dev/sda1 rw\n")
    write("sys/fs/btrfs/features/raid1c34", "0\n")
    write(f"{HOME}/label", "photos\n")
    write(f"{HOME}/allocation/global_rsv_size", "4096\n")
    for name in ("sdb", "sdc", "sdd"):
        write(f"{HOME}/devices/{name}/size", "2048\n")
    space("raid5", write)


def space(mode: str, write: Write) -> None:
    write(f"{HOME}/allocation/data/bytes_reserved", "7\n")
    write(f"{HOME}/allocation/data/{mode}/total_bytes", "300\n")
    write(f"{HOME}/allocation/data/{mode}/used_bytes", "100\n")


def test_space_is_given_by_kind_and_mode(paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Btrfs(paths, NoOptions()))
    assert samples["node_btrfs_info", UUID, "photos"] == 1
    assert samples["node_btrfs_global_rsv_size_bytes", UUID] == 4096
    assert samples["node_btrfs_reserved_bytes", UUID, "data"] == 7
    assert samples["node_btrfs_size_bytes", UUID, "data", "raid5"] == 300
    assert samples["node_btrfs_used_bytes", UUID, "data", "raid5"] == 100
    assert samples["node_btrfs_device_size_bytes", UUID, "sdc", ""] == 2048 * 512


@pytest.mark.parametrize(
    ("mode", "ratio"),
    [("single", 1), ("raid0", 1), ("dup", 2), ("raid1", 2), ("raid10", 2), ("raid1c3", 3),
     ("raid1c4", 4), ("raid5", 3 / 2), ("raid6", 3)],
)  # fmt: skip
def test_a_byte_costs_as_many_on_disk_as_its_mode_says(
    mode: str, ratio: float, paths: Paths, write: Write, scrape: Scrape
) -> None:
    space(mode, write)
    samples = scrape(Btrfs(paths, NoOptions()))
    assert samples["node_btrfs_allocation_ratio", UUID, "data", mode] == ratio


def test_times_of_commits_are_given_in_seconds(paths: Paths, write: Write, scrape: Scrape) -> None:
    commits = "commits 12\nlast_commit_ms 1500\nmax_commit_ms 2000\ntotal_commit_ms 9000\n"
    write(f"{HOME}/commit_stats", commits)
    samples = scrape(Btrfs(paths, NoOptions()))
    assert samples["node_btrfs_commits_total", UUID] == 12
    assert samples["node_btrfs_last_commit_seconds", UUID] == 1.5
    assert samples["node_btrfs_max_commit_seconds", UUID] == 2
    assert samples["node_btrfs_commit_seconds_total", UUID] == 9


def test_an_old_kernel_does_not_count_commits(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Btrfs(paths, NoOptions()))["node_btrfs_commits_total", UUID] == 0


def test_a_missing_device_has_no_size(paths: Paths, scrape: Scrape) -> None:
    (paths.sysfs.parent / HOME / "devices/sdb/size").unlink()
    samples = scrape(Btrfs(paths, NoOptions()))
    assert ("node_btrfs_device_size_bytes", UUID, "sdb", "") not in samples
    assert samples["node_btrfs_allocation_ratio", UUID, "data", "raid5"] == 3 / 2


def test_a_filesystem_that_may_be_asked_tells_of_its_devices(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    asked = []

    def ask(mount: Path) -> tuple[str, list[Device]]:
        asked.append(mount)
        return UUID, [Device("/dev/sdb", "own", 700, 1000, (1, 2, 3, 4, 5))]

    line = "29 1 0:1 / {} rw - btrfs /dev/sdb rw\n"
    write("proc/1/mountinfo", line.format(r"/srv/old\040photos") + line.format("/second"))
    samples = scrape(Btrfs(paths, NoOptions(), ask))
    assert asked == [paths.rootfs / "srv/old photos"]
    assert samples["node_btrfs_device_size_bytes", UUID, "sdb", "own"] == 1000
    assert samples["node_btrfs_device_unused_bytes", UUID, "sdb", "own"] == 300
    assert samples["node_btrfs_device_errors_total", UUID, "sdb", "own", "read"] == 2
    assert ("node_btrfs_device_size_bytes", UUID, "sdb", "") not in samples


def test_who_may_not_see_the_mounts_of_all_looks_at_the_own(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    (paths.procfs / "1/mountinfo").unlink()
    write("proc/self/mountinfo", "29 1 0:1 / /x rw - btrfs /dev/sdb rw\n")
    told = UUID, [Device("/dev/sdb", "own", 700, 1000, (0,) * 5)]
    samples = scrape(Btrfs(paths, NoOptions(), lambda _: told))
    assert ("node_btrfs_device_unused_bytes", UUID, "sdb", "own") in samples


def test_a_mount_that_is_no_btrfs_after_all_leaves_what_sys_says(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/1/mountinfo", "29 1 0:1 / / rw - btrfs /dev/sdb rw\n")
    samples = scrape(Btrfs(paths, NoOptions()))
    assert samples["node_btrfs_device_size_bytes", UUID, "sdb", ""] == 2048 * 512


def test_a_machine_without_btrfs_gives_nothing(paths: Paths, scrape: Scrape) -> None:
    paths.sys("fs").rename(paths.sys("elsewhere"))
    assert scrape(Btrfs(paths, NoOptions())) == {}
