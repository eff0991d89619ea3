"""Orders run on this machine, end as they should, and leave nothing behind."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.orders import MOST_STDIN_BYTES, Order
from hyperion_control.runners.base import End, Outcome, Stream
from hyperion_control.runners.launcher import SLACK_SECONDS, Started
from hyperion_control.runners.local import LocalRunner
from lab.processes import living
from lab.wait import wait_for

# Children, grandchildren, some that want to outlive a SIGTERM, one that leaves the group.
TREE = """
trap '' TERM
sleep {mark}1 &
sh -c 'sleep {mark}2 & sleep {mark}3 & wait' &
(setsid sh -c 'trap "" TERM; sleep {mark}4 & wait; sleep {mark}5' >/dev/null 2>&1 &)
echo up
wait; sleep {mark}6
"""


def run(*argv: str, **more: object) -> Outcome:
    return LocalRunner().run(Order(argv, **more))  # type: ignore[arg-type]


def test_a_program_runs_and_tells_code_streams_and_time() -> None:
    outcome = run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (outcome.end, outcome.code, outcome.signal) == (End.EXITED, 7, "")
    assert (outcome.stdout.head, outcome.stderr.head) == (b"out\n", b"err\n")
    assert 0 < outcome.seconds < 10


def test_a_program_gets_our_environment_without_our_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HYPERION_SECRET_KEY", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    outcome = run("env")
    assert b"LANG=C.UTF-8" in outcome.stdout.head
    assert b"HYPERION_SECRET_KEY" not in outcome.stdout.head


def test_words_arrive_as_they_were_given() -> None:
    words = ["a b", "", "$HOME", "`id`", "'", '"', "\\", "*", "a\nb", os.fsdecode(b"\xff"), "é"]
    outcome = run("printf", "%s\\0", *words)
    assert outcome.stdout.head == b"".join(os.fsencode(word) + b"\0" for word in words)


def test_stdin_environment_and_folder_are_as_ordered(tmp_path: Path) -> None:
    odd = tmp_path / "a b'$(id)"
    odd.mkdir()
    script = b'pwd; printf "%s|" "$A"; exit 3\n'
    outcome = run("sh", stdin=script, env={"A": "$HOME 'x'"}, folder=str(odd))
    assert (outcome.stdout.head, outcome.code) == (f"{odd}\n$HOME 'x'|".encode(), 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_runs_as_the_user_that_was_ordered_and_in_their_groups_only() -> None:
    nobody = pwd.getpwnam("nobody")
    outcome = run("sh", "-c", "id -u; id -g; id -G; cat", stdin=b"read\n", user="nobody")
    ids = f"{nobody.pw_uid}\n{nobody.pw_gid}\n{nobody.pw_gid}\n"
    assert outcome.stdout.head.decode() == f"{ids}read\n"


def test_output_is_told_piece_by_piece_while_it_runs() -> None:
    """The program goes on only when its first line was seen."""
    said: list[tuple[Stream, bytes]] = []
    cancel = threading.Event()

    def output(stream: Stream, piece: bytes) -> None:
        said.append((stream, piece))
        cancel.set()

    outcome = LocalRunner().run(Order(("sh", "-c", "echo first; sleep 600")), output, cancel)
    assert (said, outcome.end) == ([(Stream.STDOUT, b"first\n")], End.CANCELED)


@pytest.mark.parametrize("size", [1, 65_536, 65_537, MOST_STDIN_BYTES])
def test_stdin_of_any_size_comes_back_byte_for_byte(size: int) -> None:
    text = os.urandom(size)
    got = bytearray()
    outcome = LocalRunner().run(Order(("cat",), stdin=text), lambda _, piece: got.extend(piece))
    assert (outcome.end, bytes(got) == text) == (End.EXITED, True)


def test_stdin_that_the_program_never_reads_holds_nothing_up() -> None:
    assert run("true", stdin=bytes(MOST_STDIN_BYTES)).code == 0


def test_a_program_without_stdin_reads_the_end_of_file_at_once() -> None:
    assert run("cat") == Outcome(End.EXITED, 0, "", seconds=pytest.approx(5, abs=5))


def test_of_much_output_on_both_streams_the_ends_and_the_sizes_are_kept() -> None:
    script = "yes out | head -c 50000000 & yes error | head -c 60000000 >&2; wait"
    outcome = run("sh", "-c", script, head=4, tail=6)
    assert outcome.stdout == Excerpt(b"out\n", b"\nout\nout\n"[-6:], 50_000_000)
    assert outcome.stderr == Excerpt(b"erro", b"error\n", 60_000_000)


def test_a_program_that_closes_its_streams_and_goes_on_is_waited_for() -> None:
    assert run("sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4").code == 4


def test_what_is_left_in_the_background_is_left_and_holds_nothing_up(mark: str) -> None:
    outcome = run("sh", "-c", f"sleep {mark} & echo $!", seconds=23_456)
    pid = int(outcome.stdout.head)
    try:
        assert (outcome.end, outcome.seconds < 10) == (End.EXITED, True)
        wait_for(lambda: not living(f"ALRM {23_456 + SLACK_SECONDS}"), 6, "the end of the watch")
        assert living(f"sleep {mark}") == [f"sleep {mark}"]
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_program_that_a_signal_ends_is_told_so() -> None:
    outcome = run("sh", "-c", "kill -SEGV $$")
    assert (outcome.end, outcome.code, outcome.signal) == (End.SIGNALED, None, "SEGV")


def test_a_code_above_128_is_not_taken_for_a_signal() -> None:
    outcome = run("sh", "-c", "exit 143")
    assert (outcome.end, outcome.code, outcome.signal) == (End.EXITED, 143, "")


def test_a_cancelled_program_is_gone_with_three_generations_of_children(mark: str) -> None:
    cancel = threading.Event()
    order = Order(("sh", "-c", TREE.format(mark=mark)))
    outcome = LocalRunner().run(order, lambda _, piece: cancel.set(), cancel)
    assert (outcome.end, living(mark)) == (End.CANCELED, [])
    assert outcome.seconds < 5


def test_a_program_that_was_cancelled_before_it_ran_is_gone_too(mark: str) -> None:
    cancel = threading.Event()
    cancel.set()
    outcome = LocalRunner().run(Order(("sleep", mark)), cancel=cancel)
    assert (outcome.end, outcome.signal, living(mark)) == (End.CANCELED, "TERM", [])


def test_a_program_that_takes_too_long_is_gone_with_its_children(mark: str) -> None:
    outcome = run("sh", "-c", TREE.format(mark=mark), seconds=1)
    assert (outcome.end, outcome.stdout.head, living(mark)) == (End.TIMED_OUT, b"up\n", [])


def test_a_program_may_tidy_up_when_it_is_ended() -> None:
    cancel = threading.Event()
    script = "trap 'echo tidied; exit 5' TERM; echo up; while :; do sleep 0.1; done"
    outcome = LocalRunner().run(Order(("sh", "-c", script)), lambda *_: cancel.set(), cancel)
    assert (outcome.end, outcome.stdout.head, outcome.code) == (End.CANCELED, b"up\ntidied\n", 5)


def test_a_program_is_ended_when_its_output_cannot_be_taken(mark: str) -> None:
    def output(stream: Stream, piece: bytes) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        LocalRunner().run(Order(("sh", "-c", TREE.format(mark=mark))), output)
    wait_for(lambda: not living(mark), 6, "the program to be ended")


def test_a_program_ends_by_itself_when_we_are_killed(mark: str) -> None:
    script = (
        "import sys\n"
        "from hyperion_control.domain.orders import Order\n"
        "from hyperion_control.runners.local import LocalRunner\n"
        "LocalRunner().run(Order(('sh', '-c', sys.argv[1])), lambda *_: print('up', flush=True))\n"
    )
    argv = [sys.executable, "-c", script, TREE.format(mark=mark)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as ours:
        assert ours.stdout and ours.stdout.readline() == b"up\n"
        ours.kill()
    wait_for(lambda: not living(mark), 6, "the program to be ended")


@pytest.mark.parametrize(
    ("more", "said"),
    [({"folder": "/nonesuch"}, "/nonesuch"), ({"user": "nonesuch"}, "nonesuch")],
)
def test_what_cannot_start_says_why(more: dict[str, str], said: str) -> None:
    outcome = run("true", **more)
    assert (outcome.end, said in outcome.reason) == (End.NOT_STARTED, True)


def test_a_program_that_is_not_there_is_the_shells_127() -> None:
    outcome = run("hyperion-nonesuch")
    assert (outcome.end, outcome.code) == (End.EXITED, 127)
    assert b"hyperion-nonesuch" in outcome.stderr.head


def test_who_watches_over_a_program_goes_when_it_has_ended(mark: str, tmp_path: Path) -> None:
    seconds, looked = 12_345, tmp_path / "looked"
    watching = f"timeout -s ALRM {seconds + SLACK_SECONDS}"
    seen: list[bool] = []

    def look(*_: object) -> None:
        # It is started beside the program, and may be a moment later.
        seen.append(bool(wait_for(lambda: living(watching), 6, "the watch")))
        looked.touch()

    program = 'echo up; until [ -e "$0" ]; do sleep 0.05; done'
    LocalRunner().run(Order(("sh", "-c", program, str(looked)), seconds=seconds), look)
    wait_for(lambda: not living(watching), 6, "the end of the watch")
    assert seen == [True]


def test_where_grep_knows_no_z_all_that_bears_the_mark_is_still_ended(
    tmp_path: Path, mark: str
) -> None:
    """As in small builds of BusyBox."""
    grep = tmp_path / "grep"
    refusing = 'case $1 in -*z*) echo "invalid option" >&2; exit 2 ;; esac'
    grep.write_text(f'#!/bin/sh\n{refusing}\nexec {shutil.which("grep")} "$@"\n')
    grep.chmod(0o755)
    own = {"HYPERION_RUN": "ab" * 16, "OTHER": "1"}
    left = subprocess.Popen(["sleep", mark], env=own | os.environ, start_new_session=True)
    stop = Started(own["HYPERION_RUN"], pid="0", born="0").stop_argv()
    path = f"{tmp_path}:{os.environ['PATH']}"
    try:
        assert subprocess.run(stop, env=os.environ | {"PATH": path}, timeout=30).returncode == 0
        assert left.wait(5) == -signal.SIGTERM
    finally:
        left.kill()
