"""Programs are kept running, named when they die, and all gone in the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from hyperion_control.up import process
from hyperion_control.up.plan import Program
from hyperion_control.up.supervisor import Supervisor
from lab.wait import wait_for

LONGER_THAN_A_TEST = "exec sleep 600"


class Bench:
    """A supervisor whose clock stands still until it is moved."""

    def __init__(self, *programs: Program) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.supervisor = Supervisor(programs, self.said.append, clock=lambda: self.now)

    def until_said(self, words: str) -> None:
        def heard() -> bool:
            self.supervisor.tick()
            return any(words in line for line in self.said)

        wait_for(heard, 10, f"{words!r} in {self.said}")

    def pid(self, number: int = 0) -> int:
        running = self.supervisor.watched[number].process
        assert running
        return running.pid


def shell(folder: Path, script: str, name: str = "trial") -> Program:
    return Program(name, ("/bin/sh", "-c", script), folder / f"{name}.log")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    started: list[Bench] = []
    yield started
    for bench in started:
        bench.supervisor.stop()


def begin(benches: list[Bench], *programs: Program) -> Bench:
    bench = Bench(*programs)
    benches.append(bench)
    bench.supervisor.tick()
    return bench


def test_a_program_runs_with_its_environment_and_folder_and_log(
    tmp_path: Path, benches: list[Bench]
) -> None:
    argv = ("/bin/sh", "-c", f"echo $WORD in $PWD; {LONGER_THAN_A_TEST}")
    log = tmp_path / "log/trial.log"
    begin(benches, Program("trial", argv, log, env={"WORD": "here"}, cwd=tmp_path))
    wait_for(lambda: log.read_text() == f"here in {tmp_path}\n", 10, "the log")


def test_a_program_that_dies_is_named_with_its_last_lines(
    tmp_path: Path, benches: list[Bench]
) -> None:
    script = "for n in 1 2 3 4 5 6; do echo line $n; done; exit 3"
    bench = begin(benches, shell(tmp_path, script))
    bench.until_said("    line 6")
    expected = "trial ended after 0 s (exit status 3); next start in 1 s. Its last lines:"
    assert bench.said == [expected, *(f"    line {n}" for n in (2, 3, 4, 5, 6))]


def test_last_lines_are_those_of_the_last_run_only(tmp_path: Path, benches: list[Bench]) -> None:
    (tmp_path / "trial.log").write_text("an older run\n")
    bench = begin(benches, shell(tmp_path, "exit 1"))
    bench.until_said("ended")
    assert bench.said == ["trial ended after 0 s (exit status 1); next start in 1 s."]


def test_pauses_grow_up_to_a_minute(tmp_path: Path, benches: list[Bench]) -> None:
    bench = begin(benches, shell(tmp_path, "exit 1"))
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        bench.until_said(f"next start in {pause} s")
        bench.said.clear()
        bench.now += pause - 0.1
        bench.supervisor.tick()
        assert bench.said == [], "too early"
        bench.now += 0.2
        bench.supervisor.tick()
        assert "started again" in bench.said[0]


def test_pauses_begin_anew_after_a_minute_of_running_well(
    tmp_path: Path, benches: list[Bench]
) -> None:
    bench = begin(benches, shell(tmp_path, LONGER_THAN_A_TEST))
    for ran, pause in ((0, 1), (0, 2), (59, 4), (60, 1)):
        bench.said.clear()
        bench.now += ran
        os.kill(bench.pid(), signal.SIGKILL)
        bench.until_said(f"(SIGKILL); next start in {pause} s")
        bench.now += pause
        bench.until_said("started again")


def test_one_that_cannot_start_does_not_take_the_rest_down(
    tmp_path: Path, benches: list[Bench]
) -> None:
    absent = Program("absent", ("/no/such/program",), tmp_path / "absent.log")
    bench = begin(benches, absent, shell(tmp_path, LONGER_THAN_A_TEST))
    reason = "absent cannot start (No such file or directory: /no/such/program); next try in 1 s"
    assert bench.said == [reason]
    assert alive(bench.pid(1))


def test_stopping_asks_all_at_once_and_leaves_none(tmp_path: Path, benches: list[Bench]) -> None:
    # Each ends only when the other was asked too, so asking in turn would end in SIGKILL.
    script = "trap 'touch {0}; while ! [ -e {1} ]; do :; done; touch {0}.done; exit' TERM; {2}"
    wait = "touch $0.up; while :; do sleep 0.05; done"
    first, second = tmp_path / "first", tmp_path / "second"
    bench = begin(
        benches,
        shell(tmp_path, script.format(first, second, wait.replace("$0", str(first))), "one"),
        shell(tmp_path, script.format(second, first, wait.replace("$0", str(second))), "two"),
    )
    pids = [bench.pid(0), bench.pid(1)]
    wait_for(lambda: all(Path(f"{p}.up").exists() for p in (first, second)), 10, "both to be up")
    bench.supervisor.stop()
    assert not any(map(alive, pids))
    assert all(Path(f"{p}.done").exists() for p in (first, second))


def test_one_that_ignores_sigterm_is_gone_within_five_seconds(
    tmp_path: Path, benches: list[Bench]
) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    bench = begin(benches, shell(tmp_path, script))
    pid = bench.pid()
    wait_for(lambda: (tmp_path / "trial.log").read_text(), 10, "the trap to be set")
    began = time.monotonic()
    bench.supervisor.stop()
    assert not alive(pid)
    assert 4 <= time.monotonic() - began < 5


def test_what_a_program_started_ends_with_it(tmp_path: Path, benches: list[Bench]) -> None:
    script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & exec sleep 600"
    bench = begin(benches, shell(tmp_path, script))
    grandchild = int(wait_for((tmp_path / "trial.log").read_text, 10, "its process id"))
    bench.supervisor.stop()
    assert not alive(grandchild)


def test_what_a_dead_program_left_behind_ends_before_it_starts_again(
    tmp_path: Path, benches: list[Bench]
) -> None:
    bench = begin(benches, shell(tmp_path, "sleep 600 & echo $!; exit 1"))
    bench.until_said("ended")
    left = int((tmp_path / "trial.log").read_text())
    wait_for(lambda: not alive(left), 10, "what it left to end")


def test_a_log_that_grew_large_is_cut_and_kept_once(tmp_path: Path) -> None:
    log = tmp_path / "trial.log"
    with log.open("wb") as large:
        large.truncate(process.LOG_BYTES + 1)
    process.bound(log)
    assert log.stat().st_size == 0
    assert (tmp_path / "trial.log.1").stat().st_size == process.LOG_BYTES + 1


def test_not_even_sigkill_of_the_supervisor_leaves_a_program(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from hyperion_control.up.plan import Program\n"
        "from hyperion_control.up.process import Process\n"
        "print(Process(Program('t', ('sleep', '600'), Path(sys.argv[1]))).pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "t.log")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as up:
        assert up.stdout
        pid = int(up.stdout.readline())
        try:
            assert alive(pid)
            up.kill()
            wait_for(lambda: not alive(pid), 5, "the program to end with its supervisor")
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
