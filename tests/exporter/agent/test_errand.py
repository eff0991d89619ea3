"""Orders on this very machine: real programs, ended with all that they started."""

import os
import pwd
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.agent import errand
from hyperion_exporter.agent.errand import Ended, Order
from hyperion_exporter.agent.files import Policy
from lab.wait import wait_for

ANYTHING = Policy(True, ("root", "nobody", "nobody-at-all"), (("**",),))


def order(*argv: str, **more: Any) -> Order:
    usual: dict[str, Any] = {"stdin": b"", "env": {}, "folder": "/", "user": "", "seconds": 20}
    return Order(argv=argv, head=1000, tail=1000, **{**usual, **more})


def run(
    wanted: Order, cancel: threading.Event | None = None, policy: Policy = ANYTHING
) -> tuple[Ended, dict[str, bytes]]:
    said = {"stdout": b"", "stderr": b""}

    def hear(stream: str, piece: bytes) -> None:
        said[stream] += piece

    return errand.run(wanted, policy, hear, cancel or threading.Event()), said


def test_a_program_gets_what_was_ordered_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "x")
    script = 'cat; echo "$WHO $PWD ${OUR_SECRET-none}"; echo bad >&2; exit 3'
    ended, said = run(
        order("sh", "-c", script, stdin=b"in\n", env={"WHO": "me"}, folder=str(tmp_path))
    )
    assert (ended.end, ended.code, ended.signal) == ("exited", 3, "")
    assert said == {"stdout": f"in\nme {tmp_path} none\n".encode(), "stderr": b"bad\n"}


def test_a_word_is_a_word(tmp_path: Path) -> None:
    odd = f"$(touch {tmp_path}/canary); 'x"
    assert run(order("echo", odd))[1]["stdout"] == f"{odd}\n".encode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (order("/no/such/program"), "No such file"),
        (order("true", folder="/no/such/folder"), "/no/such/folder"),
        (order("true", user="nobody-at-all"), "no user nobody-at-all"),
        (order("true", user="daemon"), "as daemon"),
    ],
)
def test_what_cannot_be_started_is_told(wanted: Order, said: str) -> None:
    ended, _ = run(wanted)
    assert ended.end == "not_started"
    assert said in ended.reason


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")
def test_root_becomes_who_was_ordered() -> None:
    ended, said = run(order("id", "-un", user="nobody"))
    assert (ended.code, said["stdout"]) == (0, f"{pwd.getpwnam('nobody').pw_name}\n".encode())


@pytest.mark.parametrize("why", ["canceled", "timed_out"])
def test_it_is_ended_with_all_that_it_started(tmp_path: Path, why: str) -> None:
    """Also what left its session, and what takes no notice of SIGTERM."""
    own = str(900_000 + os.getpid())  # of no other run
    script = f'trap "" TERM; setsid sleep {own} & sleep {own} & echo $! >pid; wait; wait'
    cancel = threading.Event()
    seconds = 20 if why == "canceled" else 1
    wanted = order("sh", "-c", script, folder=str(tmp_path), seconds=seconds)
    found: list[Ended] = []
    doing = threading.Thread(target=lambda: found.append(run(wanted, cancel)[0]))
    doing.start()
    wait_for(lambda: (tmp_path / "pid").read_text(), 5, "the program to run")
    if why == "canceled":
        cancel.set()
    doing.join(20)
    assert found[0].end == why
    assert living("sleep", own) == []


def test_what_ends_by_a_signal_says_so() -> None:
    ended, _ = run(order("sh", "-c", "kill -SEGV $$"))
    assert (ended.end, ended.code, ended.signal) == ("signaled", None, "SEGV")


def test_what_runs_on_in_the_background_holds_nobody(tmp_path: Path) -> None:
    began, script = time.monotonic(), "echo done; sleep 60 & echo $! >pid"
    ended, said = run(order("sh", "-c", script, folder=str(tmp_path)))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert (ended.code, said["stdout"]) == (0, b"done\n")
    assert time.monotonic() - began < 30


def test_what_the_policy_refuses_is_not_started(tmp_path: Path) -> None:
    ended, _ = run(order("touch", "x", folder=str(tmp_path)), policy=Policy())
    assert ended.end == "not_started"
    assert "lets nothing be run" in ended.reason
    assert list(tmp_path.iterdir()) == []


def living(*argv: str) -> Sequence[str]:
    wanted = "\0".join(argv).encode() + b"\0"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if path.read_bytes() == wanted else []
        except OSError:
            continue
    return found
