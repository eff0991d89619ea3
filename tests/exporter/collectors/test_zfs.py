"""ZFS: memory, pools and datasets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.zfs import STATES, Zfs
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "proc/spl/kstat/zfs"
HEAD = "6 1 0x01 91 4368 5266997922 97951858082072\nname                            type data\n"


def test_numbers_are_given_under_the_module_s_names(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/arcstats", f"{HEAD}hits      4    8772612\nspare     3    5\n")
    write(f"{HOME}/fm", f"{HEAD}erpt-dropped   4    18\nword   7   ashes\n")
    assert scrape(Zfs(paths, NoOptions())) == {
        ("node_zfs_arc_hits",): 8772612,
        ("node_zfs_arc_spare",): 5,
        ("node_zfs_fm_erpt_dropped",): 18,
    }


def test_a_pool_is_in_one_state(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/tank/state", "DEGRADED\n")
    assert scrape(Zfs(paths, NoOptions())) == {
        ("node_zfs_zpool_state", "tank", state): int(state == "degraded") for state in STATES
    }


def test_a_pool_of_an_older_zfs_counts_what_went_through_it(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/tank/io", "12 3 0x00 1 80 79205351707403 3958\nnread  writes\n18  132\n")
    assert scrape(Zfs(paths, NoOptions())) == {
        ("node_zfs_zpool_nread", "tank"): 18,
        ("node_zfs_zpool_writes", "tank"): 132,
    }


def test_a_dataset_may_be_called_anything(paths: Paths, write: Write, scrape: Scrape) -> None:
    lines = "dataset_name                    7    tank/a  b\nwrites     4    7\n"
    write(f"{HOME}/tank/objset-0x36", HEAD + lines)
    assert scrape(Zfs(paths, NoOptions())) == {
        ("node_zfs_zpool_dataset_writes", "tank", "tank/a  b"): 7
    }


def test_a_pool_that_went_takes_its_samples_along(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/fm", f"{HEAD}x 4 1\n")
    pool = write(f"{HOME}/tank/state", "ONLINE\n").parent
    zfs = Zfs(paths, NoOptions())
    assert ("node_zfs_zpool_state", "tank", "online") in scrape(zfs)
    pool.rename(paths.procfs / "gone")
    assert scrape(zfs) == {("node_zfs_fm_x",): 1}


def test_a_machine_without_zfs_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Zfs(paths, NoOptions()).collect())
