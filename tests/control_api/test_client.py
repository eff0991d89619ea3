"""The exit status of a run on many machines, and what a terminal is told without one."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

from hyperion_control import cli
from hyperion_control.commands import client
from lab.ours import BIN


def task(state: str, code: int | None = None, ended_by: str = "") -> dict[str, Any]:
    return {"state": state, "code": code, "signal": ended_by}


@pytest.mark.parametrize(
    ("tasks", "status"),
    [
        ([], 0),
        ([task("succeeded", 0), task("succeeded", 0)], 0),
        ([task("succeeded", 0), task("failed", 3), task("failed", 2)], 3),
        ([task("failed", None, "TERM")], 128 + signal.SIGTERM),
        ([task("failed", None, "ODD")], 128),
        ([task("failed")], 126),
        ([task("failed", 3), task("timed_out")], 124),
        ([task("timed_out"), task("canceled")], 253),
        ([task("skipped"), task("lost")], 254),
        ([task("lost"), task("unreachable"), task("succeeded", 0)], 255),
        ([task("expired")], 253),
        ([task("running")], 253),
    ],
)
def test_the_worst_machine_decides(tasks: list[dict[str, Any]], status: int) -> None:
    assert client.worst(tasks) == status


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (("ps", "web-1"), {}, "HYPERION_TOKEN"),
        (("ps", "web-1"), {"HYPERION_TOKEN_FILE": "/nonesuch"}, "/nonesuch"),
        (("ps", "web-1"), {"HYPERION_TOKEN": "t", "HYPERION_URL": "ftp://x"}, "HYPERION_URL"),
        (
            ("logs", "web-1", "nginx"),
            {"HYPERION_TOKEN": "t", "HYPERION_URL": "http://hunter2@127.0.0.1:9"},
            "does not answer",
        ),
    ],
)
def test_what_is_missing_is_one_sentence(
    words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYPERION_")}
    argv = [BIN / "hyperion-control", *words]
    done = subprocess.run(argv, env=clean | env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


class Interrupted(io.StringIO):
    """Ctrl-C comes while this line is written."""

    def write(self, text: str) -> int:
        if text == "up":
            raise KeyboardInterrupt
        return super().write(text)


def test_ctrl_c_while_a_line_is_written_reaches_who_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run() -> Generator[str, None, int]:
        try:
            yield "up"
        except KeyboardInterrupt:
            yield "it is being canceled"
            return 253
        return 0

    monkeypatch.setattr(sys, "stdout", out := Interrupted())
    assert (cli._printed(run()), out.getvalue()) == (253, "it is being canceled\n")


def test_ctrl_c_ends_what_has_nothing_to_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> Generator[str, None, int]:
        yield "up"
        return 0

    monkeypatch.setattr(sys, "stdout", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        cli._printed(run())
