"""Software RAID."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.mdadm import Mdadm
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HEAD = "Personalities : [raid1]\n"
TAIL = "\nunused devices: <none>\n"


def array(first: str, *rest: str) -> str:
    return HEAD + "\n".join([f"md7 : {first}", *(f"      {line}" for line in rest)]) + TAIL


@pytest.fixture
def seen(paths: Paths, write: Write, scrape: Scrape) -> Callable[..., dict[str, float]]:
    """What is said of the only array, as short names."""

    def seen(*lines: str) -> dict[str, float]:
        write("proc/mdstat", array(*lines))
        samples = scrape(Mdadm(paths, NoOptions()))
        return {
            ".".join([key[0].removeprefix("node_md_"), *key[2:]]): value
            for key, value in samples.items()
        }

    return seen


def test_an_array_that_is_rebuilt_says_how_far_it_is(
    seen: Callable[..., dict[str, float]],
) -> None:
    assert seen(
        "active raid1 sdb2[2](F) sdc[1](S) sda2[0]",
        "195310144 blocks [2/1] [U_]",
        "[=>........]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec",
    ) == {
        "state.active": 0, "state.inactive": 0, "state.recovering": 1, "state.resync": 0,
        "state.check": 0, "disks.active": 1, "disks.failed": 1, "disks.spare": 1,
        "disks_required": 2, "blocks": 195310144, "blocks_synced": 16775552,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "state", "synced"),
    [
        ("bitmap: 0/30 pages [0KB], 65536KB chunk", "active", 100),
        ("[=>..]  resync =  5.0% (5/100) finish=1min speed=1K/sec", "resync", 5),
        ("[=>..]  check =  7.0% (7/100) finish=1min speed=1K/sec", "check", 7),
        ("resync=DELAYED", "resync", 0),
        ("resync=PENDING", "resync", 0),
    ],
)
def test_the_last_line_says_what_the_array_is_at(
    action: str, state: str, synced: int, seen: Callable[..., dict[str, float]]
) -> None:
    samples = seen("active raid1 sda[0] sdb[1]", "100 blocks super 1.2 [2/2] [UU]", action)
    assert [name for name, value in samples.items() if "state." in name and value] == [
        f"state.{state}"
    ]
    assert samples["blocks_synced"] == synced


def test_an_array_that_is_reshaped_is_in_none_of_these_states(
    seen: Callable[..., dict[str, float]],
) -> None:
    action = "[>...]  reshape =  1.0% (1/100) finish=1min speed=1K/sec"
    samples = seen("active raid5 sda[0] sdb[1] sdc[2]", "100 blocks [3/3] [UUU]", action)
    assert not any(value for name, value in samples.items() if "state." in name)


def test_a_stripe_needs_all_it_has(seen: Callable[..., dict[str, float]]) -> None:
    samples = seen("active (read-only) raid0 sdb[2] sdd[1] sdc[0]", "322560 blocks 512k chunks")
    assert (samples["disks.active"], samples["disks_required"]) == (3, 3)
    assert samples["state.active"] == 1


def test_an_array_that_is_not_started_has_no_active_disk(
    seen: Callable[..., dict[str, float]],
) -> None:
    samples = seen("inactive sdb[2](S) sdc[1](S)", "7932 blocks super external:imsm")
    assert (samples["disks.active"], samples["disks.spare"]) == (0, 2)
    assert samples["state.inactive"] == 1


def test_the_kernel_says_what_an_array_lacks(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/mdstat", HEAD + TAIL)
    write("sys/block/md5/md/raid_disks", "3\n")
    write("sys/block/md5/md/degraded", "1\n")
    write("sys/block/md0/md/raid_disks", "2\n")
    write("sys/block/sda/size", "9\n")
    assert scrape(Mdadm(paths, NoOptions())) == {
        ("node_md_raid_disks", "md5"): 3,
        ("node_md_degraded", "md5"): 1,
        ("node_md_raid_disks", "md0"): 2,
        ("node_md_degraded", "md0"): 0,
    }


def test_a_kernel_without_software_raid_has_no_such_file(paths: Paths) -> None:
    with pytest.raises(FileNotFoundError):
        list(Mdadm(paths, NoOptions()).collect())
