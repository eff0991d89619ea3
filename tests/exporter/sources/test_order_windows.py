"""Orders as on Windows, which is not here: its job is a session, its system calls are recorded."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hyperion_exporter.sources.order_windows import Running
from hyperion_exporter.sources.windows_job import Accounts, Limits, NotStarted, WindowsJob
from lab.processes import living
from lab.wait import wait_for

SOON = 30.0
HANDLE = 712


class SessionJob:
    """What a job does, by a session."""

    flags: Mapping[str, Any] = {"start_new_session": True}

    def take(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def living(self) -> int:
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return 0
        return 1

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def leave(self) -> None:
        self.left = True


def start(*argv: str, stdin: bytes = b"", folder: str = "", user: str = "") -> Running:
    return Running(argv, stdin, {"WHO": "me"}, folder, user, "", SessionJob())


def heard(running: Running) -> dict[str, bytes]:
    """All that it says, until both streams are at their end."""
    said = {"stdout": b"", "stderr": b""}

    def drained() -> bool:
        for stream, piece in running.read(0.05):
            said[stream] += piece
        return running.drained()

    wait_for(drained, SOON, "the end of its words")
    wait_for(lambda: running.ended() is not None, SOON, "its end")
    return said


def test_a_program_gets_what_was_ordered_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "x")
    script = 'cat; echo "$WHO $PWD ${OUR_SECRET-none}"; seq 1 50000 >&2; exit 3'
    running = start("sh", "-c", script, stdin=b"in\n", folder=str(tmp_path))
    said = heard(running)
    assert said["stdout"] == f"in\nme {tmp_path} none\n".encode()
    assert said["stderr"].split()[-1] == b"50000"
    assert running.ended() == (3, "")
    running.close()


def test_all_that_it_started_ends_with_it() -> None:
    job = SessionJob()
    running = Running(("sh", "-c", "sleep 4322 & sleep 4322"), b"", {}, "", "", "", job)
    try:
        wait_for(lambda: len(living("sleep 4322")) >= 2, SOON, "both to run")
        assert running.stop()
        assert living("sleep 4322") == []
    finally:
        job.end()
    assert running.ended() == (None, "0xFFFFFFF7"), "as Windows says a status that is no exit code"
    heard(running)
    running.close()


@pytest.mark.parametrize(
    ("argv", "user", "why"),
    [
        (("no-such-program",), "", "cannot start: no-such-program: No such file"),
        (("true",), "root", "as the agent's own user"),
    ],
)
def test_what_cannot_be_started_says_why(argv: tuple[str, ...], user: str, why: str) -> None:
    with pytest.raises(NotStarted, match=why):
        start(*argv, user=user)


class Recorded:
    """kernel32 and ntdll: what they were asked, answered as Windows does when all is well."""

    def __init__(self, **fails: int) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        def call(*asked: Any) -> int:
            self.calls.append((name, *map(_plain, asked)))
            if name == "QueryInformationJobObject":
                ctypes.cast(asked[2], ctypes.POINTER(Accounts)).contents.active = 2
            usual = {"CreateJobObjectW": HANDLE, "NtResumeProcess": 0}.get(name, 1)
            return self._fails.get(name, usual)

        return self.__dict__.setdefault(name, SimpleCall(call))


class SimpleCall:
    """A function of ctypes, which can be told what it returns."""

    restype: Any = None

    def __init__(self, call: Any) -> None:
        self.call = call

    def __call__(self, *asked: Any) -> int:
        return int(self.call(*asked))


def _plain(asked: Any) -> Any:
    if isinstance(asked, ctypes.c_void_p):
        return asked.value
    found = getattr(asked, "_obj", asked)
    return (
        hex(found.flags)
        if isinstance(found, Limits)
        else type(found).__name__
        if found is not asked
        else asked
    )


def test_windows_is_asked_for_a_job_that_dies_with_us() -> None:
    system = Recorded()
    job = WindowsJob(system, system)
    job.take(SimpleNamespace(_handle=99))  # type: ignore[arg-type]
    assert job.living() == 2
    job.end()
    job.leave()
    assert system.calls == [
        ("CreateJobObjectW", None, None),
        ("SetInformationJobObject", HANDLE, 9, "0x2000", 144),
        ("AssignProcessToJobObject", HANDLE, 99),
        ("NtResumeProcess", 99),
        ("QueryInformationJobObject", HANDLE, 1, "Accounts", 48, None),
        ("TerminateJobObject", HANDLE, 1),
        ("SetInformationJobObject", HANDLE, 9, "0x0", 144),
        ("CloseHandle", HANDLE),
    ]


@pytest.mark.parametrize(
    "fails",
    [{"SetInformationJobObject": 0}, {"AssignProcessToJobObject": 0}, {"NtResumeProcess": 5}],
    ids=lambda fails: next(iter(fails)),
)
def test_what_windows_refuses_is_said(fails: dict[str, int]) -> None:
    system = Recorded(**fails)
    with pytest.raises(NotStarted, match=f"Windows refuses {next(iter(fails))}"):
        WindowsJob(system, system).take(SimpleNamespace(_handle=99))  # type: ignore[arg-type]
