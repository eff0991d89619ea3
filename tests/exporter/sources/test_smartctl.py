"""The questions to smartctl, all of them, and how one that does not answer is ended."""

import os
import time
from pathlib import Path

import pytest

from hyperion_exporter.sources.smartctl import Failed, Refused, command, find, run
from lab.disks import runs
from lab.wait import wait_for


def test_a_question_about_a_disk_is_one_call() -> None:
    argv = command(["read", "standby", "sat+megaraid,5", "/dev/bus/0"])
    assert argv[-3:] == ["--nocheck=standby,3", "--device=sat+megaraid,5", "/dev/bus/0"]


@pytest.mark.parametrize("name", ["/dev/sda", "/dev/disk/by-id/ata-A_B-1.2", "/dev/cciss/c0d0"])
def test_disks_have_many_names(name: str) -> None:
    assert command(["read", "standby", "auto", name])[-1] == name


@pytest.mark.parametrize(
    "question",
    [
        [],
        ["rm"],
        ["scan", "--scan-open"],
        ["read", "standby", "sat"],
        ["read", "awake", "sat", "/dev/sda"],
        ["read", "standby", "sat --smart=off", "/dev/sda"],
        ["read", "standby", "sat", "-s"],
        ["read", "standby", "sat", "/etc/passwd"],
        ["read", "standby", "sat", "/dev/../etc/passwd"],
        ["read", "standby", "sat", "/dev/./sda"],
        ["read", "standby", "sat", "/dev/sda\n--test=long"],
        ["read", "standby", "sat", "/dev/sd\u0430"],
        ["read", "standby", "sat", "/dev/sda", "--test=long"],
        ["test", "standby", "sat", "/dev/sda"],
    ],
)
def test_nothing_else_can_be_asked(question: list[str]) -> None:
    with pytest.raises(Refused, match="not a question for smartctl"):
        command(question)


def test_an_answer_comes_with_its_exit_status() -> None:
    assert run(["sh", "-c", "printf hello; exit 3"], 10) == (3, b"hello")


def test_numbers_are_written_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert run(["sh", "-c", "printf $LC_ALL"], 10).text == b"C"


def test_one_that_is_late_is_ended_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # The second process ignores the first's end and holds the pipe.
    late = f"sleep 60 & echo $$ $! >{pids}; trap '' TERM; wait"
    begun = time.monotonic()
    with pytest.raises(Failed, match="no answer within 1 s"):
        run(["sh", "-c", late], 1)
    assert time.monotonic() - begun < 5
    started = list(map(int, pids.read_text().split()))
    assert len(started) == 2
    wait_for(lambda: not any(map(runs, started)), 5, "both to be gone")


def test_one_that_closes_its_output_and_stays_is_ended_too() -> None:
    with pytest.raises(Failed, match="no answer within 1 s"):
        run(["sh", "-c", "exec >&-; sleep 60"], 1)


def test_more_than_a_disk_can_say_is_not_read() -> None:
    with pytest.raises(Failed, match="more than 4 MB"):
        run(["yes"], 30)


def test_one_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    program = tmp_path / "smartctl"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(Failed, match="smartctl cannot be started: Exec format error"):
        run([os.fspath(program)], 1)


def test_it_is_found_where_systems_put_it(tmp_path: Path) -> None:
    (tmp_path / "smartctl").touch()
    assert find([str(tmp_path)]) is None, "it cannot be started"
    (tmp_path / "smartctl").chmod(0o755)
    assert find([str(tmp_path / "none"), str(tmp_path)]) == tmp_path / "smartctl"
