"""Processes of real machines, read from what they said, and what no answer may do to us."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperion_control.domain import interfaces, processes, sockets
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.processes import Process
from hyperion_control.errors import NotFound, Problem, Unavailable

LOOKS = Path(__file__).parent / "looks"
BOOT = "95adb6e8-bf20-48cc-91a0-0dbe8e055a39"
STAT = "7 (cat) {} 1 7 7 0 -1 4194304 60 0 0 0 {} 0 0 0 20 5 3 0 {} 2322432 316" + " 0" * 28
READERS = {"processes": processes.read, "sockets": sockets.read, "interfaces": interfaces.read}


def look(name: str) -> Excerpt:
    return excerpt((LOOKS / f"{name}.txt").read_bytes())


def excerpt(said: bytes) -> Excerpt:
    return Excerpt(said, b"", len(said))


def answer(*rest: str, before: str = "", after: str = "", users: str = "0 root\n") -> Excerpt:
    """Of a machine with the process 7."""
    now = after or f"7/stat:{STAT.format('S', 60, 900)}"
    said = [f"= before 100.00\n{before}", f"= after 100.50\n{now}", "= rest", *rest]
    whole = "\n".join([*said, f"= users\n{users}= end btime 1000 {BOOT} 99", ""])
    return excerpt(whole.encode("utf-8", "surrogateescape"))


def only(said: Excerpt) -> Process:
    [found] = processes.read(said)
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "debian12-processes",
            {
                1: ("systemd", "init.scope", "root", "/usr/lib/systemd/systemd"),
                35: ("agetty", "console-getty.service", "root", "/sbin/agetty"),
                36: (
                    *("sshd", "ssh.service", "root"),
                    "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
                ),
                45: ("sshd", "ssh.service", "root", "sshd: root@notty"),
            },
        ),
        (
            "debian13-processes",
            {
                1: ("systemd", "init.scope", "root", "/usr/lib/systemd/systemd"),
                66: (
                    *("sshd", "ssh.service", "root"),
                    "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
                ),
                80: ("sshd-session", "ssh.service", "root", "sshd-session: root [priv]"),
                87: ("sshd-session", "ssh.service", "root", "sshd-session: root@notty"),
            },
        ),
        (
            "busybox-processes",
            {1: ("sh", None, "root", "/bin/sh"), 2: ("sleep", None, "root", "sleep")},
        ),
    ],
)
def test_processes_of_real_machines_are_read(
    name: str, expected: dict[int, tuple[str, str | None, str, str]]
) -> None:
    found = {
        each.pid: (each.name, each.unit, each.user, each.cmdline[0])
        for each in processes.read(look(name))
    }
    assert found == expected


def test_a_process_is_read_with_all_that_is_told() -> None:
    found = only(
        answer(
            "7/status:Uid:\t0\t33\t33\t33",
            "7/status:VmRSS:\t   20 kB",
            "7/io:read_bytes: 4096",
            "7/io:write_bytes: 10",
            "7/cgroup:0::/system.slice/web.slice/nginx.service/worker",
            "7/cmdline:cat\udcff-A\udcffa b\udcff",
            before=f"7/stat:{STAT.format('S', 40, 900)}",
            users="0 root\n33 www-data\n",
        )
    )
    assert found == Process(
        pid=7,
        ppid=1,
        start=f"900-{BOOT}",
        started_at=datetime.fromtimestamp(1009, UTC),
        name="cat",
        cmdline=("cat", "-A", "a b"),
        user="www-data",
        unit="nginx.service",
        state="sleeping",
        nice=5,
        threads=3,
        cpu=0.4,
        cpu_seconds=0.6,
        rss_bytes=20480,
        read_bytes=4096,
        write_bytes=10,
    )


def test_what_we_may_not_know_is_none_and_not_nothing() -> None:
    found = only(answer("7/status:Uid:\t0\t33\t33\t33", users=""))
    assert (found.user, found.read_bytes, found.write_bytes) == ("33", None, None)
    assert (found.unit, found.cmdline, found.rss_bytes) == (None, (), 0)


@pytest.mark.parametrize(
    ("before", "cpu"),
    [
        ("", 1.2),
        (f"7/stat:{STAT.format('S', 40, 899)}", 1.2),
        (f"7/stat:{STAT.format('S', 60, 900)}", 0),
    ],
    ids=["it is new", "the number was another's", "it was idle"],
)
def test_its_share_is_of_the_moment_between_two_looks(before: str, cpu: float) -> None:
    assert only(answer("7/status:Uid:\t0\t0\t0\t0", before=before)).cpu == cpu


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/cron.service", "cron.service"),
        ("0::/user.slice/user-7.slice/user@7.service/app.slice/a.service", "user@7.service"),
        ("0::/user.slice/user-7.slice/session-3.scope", "session-3.scope"),
        ("0::/", None),
        ("0::/../../init.scope", "init.scope"),
        ("1:name=systemd:/system.slice/cron.service", "cron.service"),
        ("0::/lxc/a:b/c.service", "c.service"),
    ],
)
def test_its_unit_is_the_first_in_its_slices(cgroup: str, unit: str | None) -> None:
    found = only(answer("7/status:Uid:\t0\t0\t0\t0", f"7/cgroup:{cgroup}"))
    assert found.unit == unit


def test_who_ended_while_we_looked_is_not_listed() -> None:
    assert processes.read(answer()) == []
    with pytest.raises(NotFound, match="no such process"):
        processes.one(answer())


def test_who_looked_is_not_listed() -> None:
    ours = STAT.replace("7 (", "99 (").format("R", 1, 1000)
    child = STAT.replace("7 (", "98 (").replace("} 1 7", "} 99 7").format("R", 1, 1000)
    status = [f"{pid}/status:Uid:\t0\t0\t0\t0" for pid in (98, 99)]
    assert processes.read(answer(*status, after=f"98/stat:{child}\n99/stat:{ours}")) == []


def test_a_name_that_looks_like_fields_is_only_a_name() -> None:
    name = "a) R 2 (b\n7/stat:"
    lines = STAT.replace("(cat)", f"({name})").format("S", 60, 900).replace("\n", "\n7/stat:")
    found = only(answer("7/status:Uid:\t0\t0\t0\t0", after=f"7/stat:{lines}"))
    assert (found.name, found.ppid, found.state) == (name, 1, "sleeping")


def test_a_command_line_is_text_whatever_it_holds() -> None:
    line = "7/cmdline:\udcfe\x1b[31m\udcff\u202e= end\n7/cmdline:8/stat:9\udcff"
    found = only(answer("7/status:Uid:\t0\t0\t0\t0", line))
    assert found.cmdline == ("\\xfe\x1b[31m", "\u202e= end\n8/stat:9")


def test_half_an_answer_is_none() -> None:
    whole = look("debian12-processes").head
    for said in (whole[: len(whole) // 2], b"", b"sh: 1: grep: not found\n"):
        with pytest.raises(Unavailable, match="in the middle"):
            processes.read(excerpt(said))
    with pytest.raises(Unavailable, match=f"{len(whole) + 1} bytes is longer"):
        processes.read(Excerpt(whole, b"", len(whole) + 1))


@pytest.mark.parametrize("file", sorted(LOOKS.iterdir()), ids=lambda file: file.stem)
def test_whatever_a_machine_answers_it_is_read_or_refused(file: Path) -> None:
    dice, said = random.Random(file.stem), file.read_bytes()  # noqa: S311
    read = READERS[file.stem.partition("-")[2]]
    refused = 0
    for _ in range(300):
        spoilt = bytearray(said)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(spoilt))
            spoilt[place : place + dice.randint(0, 20)] = dice.randbytes(dice.randint(0, 6))
        try:
            read(excerpt(bytes(spoilt)))
        except Problem:
            refused += 1
    assert 0 < refused < 300
