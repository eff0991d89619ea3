"""Processes as /proc tells of them, and how seldom it is asked."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.paths import Paths
from hyperion_exporter.process import Crowd, Process, unit
from lab.still import still
from lab.written import Written

Write = Callable[[str, str], Path]


def test_its_files_are_read(paths: Paths) -> None:
    Written(
        7, "a) R 1 (b", parent=2, state="D", started=812, ticks=(12, 4), faults=(120, 3),
        threads=5, pages=3301, swapped=8, switches=(11, 13), io=(4096, 512), fd_limit="1024",
        argv=("/usr/bin/a", "--b c"), uid=33, pss=(20, 4),
        cgroup="1:name=systemd:/system.slice/cron.service\n0::/x:y\n",
    ).write(paths.procfs)  # fmt: skip
    process = Crowd(paths.procfs).look()["7"]
    assert process.stat == ("a) R 1 (b", "D", 2, 120, 3, 12, 4, 5, 812, 171204608, 3301)
    assert process.status() == ("D", 33, 8192, 11, 13)
    assert process.threads().keys() == {"7", "8", "9", "10", "11"}
    assert process.io() == (4096, 512)
    assert (process.fds(), process.fd_limit()) == (3, 1024)
    assert process.proportional() == (20480, 4096)
    assert process.command_line() == ["/usr/bin/a", "--b c"]
    assert process.cgroups() == ["/system.slice/cron.service", "/x:y"]


def test_what_has_no_memory_of_its_own_has_none_swapped(paths: Paths) -> None:
    Written(2, "kthreadd", swapped=None, fd_limit="unlimited").write(paths.procfs)
    process = Crowd(paths.procfs).look()["2"]
    assert process.status().swapped == 0
    assert process.fd_limit() == float("inf")
    assert process.command_line() == []


def test_what_is_not_ours_to_know_is_left_open(paths: Paths) -> None:
    Written(7, io=None).write(paths.procfs)
    (paths.procfs / "7/smaps_rollup").unlink()
    process = Crowd(paths.procfs).look()["7"]
    assert process.io() is None
    assert process.proportional() is None


def test_it_stays_the_same_while_it_lives_and_another_may_have_its_number(paths: Paths) -> None:
    crowd = Crowd(paths.procfs)
    written = Written(7, started=10).write(paths.procfs)
    first = crowd.look()["7"]
    assert crowd.look()["7"] is first
    written.started = 20
    written.write(paths.procfs)
    assert crowd.look()["7"] is not first
    (paths.procfs / "7/stat").unlink()
    assert crowd.look() == {}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, False),
        ({"ran": "1001 5 8\n"}, True),
        ({"pages": 101}, True),
        ({"threads": 2}, True),
    ],
    ids=["none", "it ran", "its memory was taken", "it has another thread"],
)
def test_it_changed_when_it_ran_or_its_stat_did(
    change: dict[str, object], changed: bool, paths: Paths
) -> None:
    crowd = Crowd(paths.procfs)
    written = Written(7, ran="1000 5 7\n").write(paths.procfs)
    assert crowd.look()["7"].changed
    assert not crowd.look()["7"].changed
    for name, value in change.items():
        setattr(written, name, value)
    written.write(paths.procfs)
    assert crowd.look()["7"].changed is changed


@pytest.mark.parametrize("missing", [{"threads": 2, "ran": "1000 5 7\n"}, {"ran": ""}])
def test_what_may_have_run_unseen_always_changed(missing: dict[str, object], paths: Paths) -> None:
    crowd = Crowd(paths.procfs)
    Written(7, **missing).write(paths.procfs)  # type: ignore[arg-type]
    assert [crowd.look()["7"].changed for _ in range(3)] == [True] * 3


def test_real_ones_are_as_they_were_made() -> None:
    with still("lamp", megabytes=30, threads=2, files=40) as (lamp,):
        number = lamp.pid
        process = Crowd(Path("/proc")).look()[str(number)]
        assert process.stat.threads == 3
        assert process.fds() == len(list(Path(f"/proc/{number}/fd").iterdir()))
        assert 30 << 20 < process.stat.resident * os.sysconf("SC_PAGE_SIZE") < 60 << 20
        assert process.command_line()[0] == "lamp"


def test_a_real_one_that_runs_has_changed_though_no_tick_passed() -> None:
    with still("lamp") as (lamp,):
        process = Process(f"/proc/{lamp.pid}")
        process.look(), process.look()
        assert not process.changed
    own = Process(f"/proc/{os.getpid()}")
    own.look(), own.look()
    assert own.changed


@pytest.mark.parametrize(
    ("cgroup", "name"),
    [
        ("/system.slice/nginx.service", "nginx.service"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
            "user@1000.service",
        ),
        ("/user.slice/user-0.slice/session-3.scope", "session-3.scope"),
        ("/", ""),
    ],
)
def test_the_unit_is_the_systems(cgroup: str, name: str) -> None:
    assert unit(["/", cgroup]) == name
