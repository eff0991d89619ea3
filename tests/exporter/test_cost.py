"""What keeps a scrape cheap, as counts: no clock is asked."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from hyperion_exporter.collector import Block, Collector, NoData, Table, gauge
from hyperion_exporter.collectors.filesystem import Filesystem, Options
from hyperion_exporter.guard import REST_SECONDS, Guard
from hyperion_exporter.paths import Paths

LAMP = gauge("lamp", "For tests.", "n")
LINE = "28 1 8:2 / {point} rw,relatime shared:1 - {kind} /dev/sda2 rw\n"
# What a program has to be told not to bring along: each costs megabytes in every process.
HEAVY = ("prometheus_client", "psutil", "yaml", "pySMART", "ssl", "http.server")


class Lacking(Collector):
    """Asks for something that this machine does not have."""

    help = "-"

    def __init__(self, name: str = "lacking") -> None:
        self.name = name  # type: ignore[misc]
        self.asked = 0

    def collect(self) -> Iterable[Block]:
        self.asked += 1
        raise NoData("no such thing")


def test_what_the_machine_lacks_is_not_looked_for_at_each_scrape() -> None:
    now = 1000.0
    lacking = Lacking()
    guard = Guard([lacking], clock=lambda: now)
    for _ in range(5):
        page = guard.gather(10)
        assert 'node_scrape_collector_success{collector="lacking"} 0' in page
        assert 'hyperion_collector_timeout{collector="lacking"} 0' in page
    assert lacking.asked == 1
    now += REST_SECONDS
    guard.gather(10)
    assert lacking.asked == 2


class Giving(Collector):
    """Gives so many samples, one after the other."""

    name = "giving"
    help = "-"

    def __init__(self, *counts: int, yields: bool = False) -> None:
        self.left = list(counts)
        self.yields = yields  # type: ignore[misc]

    def collect(self) -> Iterable[Block]:
        return [Table((LAMP,), {(str(n),): (1,) for n in range(self.left.pop(0))})]


@pytest.mark.parametrize(
    ("collector", "asked"),
    [
        (Giving(0, 1, 1), 1),
        (Giving(1, 0, 1), 3),
        (Giving(0, 1, 1, yields=True), 3),
    ],
    ids=["nothing from the start", "nothing for once", "what others leave"],
)
def test_who_never_had_anything_to_give_rests_but_has_not_failed(
    collector: Giving, asked: int
) -> None:
    now = 1000.0
    guard = Guard([collector], clock=lambda: now)
    for _ in range(3):
        page = guard.gather(10)
        assert 'node_scrape_collector_success{collector="giving"} 1\n' in page
    assert 3 - len(collector.left) == asked
    now += REST_SECONDS
    collector.left.append(2)
    guard.gather(10)
    assert 4 - len(collector.left) == asked + 1


def test_not_all_that_is_lacking_is_looked_for_in_one_scrape() -> None:
    now = 1000.0
    lacking = [Lacking(f"lacking{number}") for number in range(10)]
    guard = Guard(lacking, clock=lambda: now)
    guard.gather(10)
    asked = []
    while now < 1000.0 + REST_SECONDS:
        now += 1
        guard.gather(10)
        asked.append(sum(one.asked for one in lacking))
    assert max(after - before for before, after in pairwise(asked)) == 1
    assert asked[int(REST_SECONDS / 2) - 1] == 10, "for half of the time each rests"
    assert all(one.asked == 2 for one in lacking)


def test_after_a_reload_what_was_lacking_is_looked_for_at_once() -> None:
    lacking = Lacking()
    guard = Guard([lacking])
    guard.gather(10)
    guard.renew([lacking])
    guard.gather(10)
    assert lacking.asked == 2


class Asked:
    """Asks the filesystem, and notes in which thread."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __call__(self, path: str) -> os.statvfs_result:
        self.threads.append(threading.current_thread().name)
        return os.statvfs(path)


@pytest.mark.parametrize(
    ("mounts", "thread"),
    [
        ({"/": "ext4"}, "MainThread"),
        ({"/": "nfs4"}, "statvfs"),
        ({"/": "ext4", "/far": "fuse.sshfs", "/far/usb": "ext4"}, "statvfs"),
    ],
    ids=["a local one on the spot", "a far one aside", "a local one below a far one aside"],
)
def test_only_who_cannot_hang_is_asked_on_the_spot(
    mounts: dict[str, str],
    thread: str,
    paths: Paths,
    write: Callable[..., object],
) -> None:
    asked = Asked()
    lines = [LINE.format(point=point, kind=kind) for point, kind in mounts.items()]
    write("proc/1/mountinfo", "".join(lines))
    last = list(mounts)[-1]
    (paths.rootfs / last[1:]).mkdir(parents=True, exist_ok=True)
    collector = Filesystem(paths, Options(mount_points_include=f"^{last}$"), asked)
    for _ in range(3):
        list(collector.collect())
    assert asked.threads == ["statvfs", thread, thread], "the first time it is not yet proven"


def test_a_new_mount_is_proven_before_it_is_asked_on_the_spot(
    paths: Paths, write: Callable[..., object]
) -> None:
    asked = Asked()
    collector = Filesystem(paths, Options(), asked)
    write("proc/1/mountinfo", LINE.format(point="/", kind="ext4"))
    list(collector.collect()), list(collector.collect())
    write("proc/1/mountinfo", LINE.format(point="/", kind="xfs"))
    list(collector.collect())
    assert asked.threads == ["statvfs", "MainThread", "statvfs"]


def test_a_scrape_needs_no_library_that_it_can_do_without(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from hyperion_exporter import cli\n"
        "from hyperion_exporter.collectors import COLLECTORS\n"
        "from hyperion_exporter.guard import Guard\n"
        "from hyperion_exporter.paths import Paths\n"
        "Guard([k(Paths(), k.options()) for k in COLLECTORS if k.default]).gather(30)\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
