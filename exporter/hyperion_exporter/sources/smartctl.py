"""smartctl: the few questions we ask it, and how it is started, bounded in time and in size."""

import os
import re
import select
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

# Where it lies; the PATH of an ordinary user often lacks the first two.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin")
# What it exits with when the disk sleeps; its own default, 2, says "cannot be opened" as well.
ASLEEP = 3
# The largest answer seen, of a disk with all logs, has 60 kB.
MOST_BYTES = 4 << 20
# How awake a disk must be to be asked.
MODES = ("never", "sleep", "standby", "idle")

_NAME = re.compile(r"/dev/[\w.:+@-]+(?:/[\w.:+@-]+)*", re.ASCII)
_KIND = re.compile(r"\w+(?:\+\w+)*(?:,[\w/+]+)*", re.ASCII)
# One call gives all; logs that need more of a disk than a look are left out.
_READ = (
    "--json=c", "--info", "--health", "--attributes", "--tolerance=verypermissive",
    "--log=error", "--log=selftest", "--log=devstat", "--log=scttempsts",
)  # fmt: skip


class Refused(ValueError):
    """Not one of the questions there are."""


class Failed(Exception):
    """smartctl gave no answer; the words say why."""


class Output(NamedTuple):
    status: int
    text: bytes


# Asks one of the questions below; Failed when there is no answer within the seconds.
Ask = Callable[[Sequence[str], float], Output]


def command(question: Sequence[str]) -> list[str]:
    """What smartctl is started with for a question. All that can be asked stands here."""
    match list(question):
        case ["scan"]:
            return ["--scan", "--json=c"]
        case ["scan-text"]:
            return ["--scan"]
        case ["read", mode, kind, name] if _sound(mode, kind, name):
            return [*_READ, f"--nocheck={mode},{ASLEEP}", f"--device={kind}", name]
        case ["read-text", mode, kind, name] if _sound(mode, kind, name):
            # Before 6.6 the exit status cannot be chosen.
            return ["--all", f"--nocheck={mode}", f"--device={kind}", name]
    raise Refused(f"not a question for smartctl: {' '.join(question)!r:.80}")


def _sound(mode: str, kind: str, name: str) -> bool:
    parts = name.split("/")
    return bool(mode in MODES and _KIND.fullmatch(kind) and _NAME.fullmatch(name)) and (
        ".." not in parts and "." not in parts
    )


def find(folders: Sequence[str] = FOLDERS) -> Path | None:
    paths = (Path(folder, "smartctl") for folder in folders)
    return next((path for path in paths if os.access(path, os.X_OK)), None)


def here(program: Path) -> Ask:
    """Asks by starting the program."""
    return lambda question, seconds: run([os.fspath(program), *command(question)], seconds)


def run(argv: Sequence[str], seconds: float) -> Output:
    """Returns or raises only when the program is gone.

    One that cannot be killed holds its caller, so that no second one is started beside it.
    """
    # Not at the head of the file: who has no such disk need not carry it.
    import subprocess

    until = time.monotonic() + seconds
    # Numbers and words are to be the same everywhere.
    environment = os.environ | {"LC_ALL": "C"}
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as fault:
        raise Failed(f"smartctl cannot be started: {fault.strerror}") from fault
    with process:
        try:
            text = read_all(cast(IO[bytes], process.stdout).fileno(), seconds)
            return Output(process.wait(max(until - time.monotonic(), 0)), text)
        except subprocess.TimeoutExpired:
            raise Failed(f"no answer within {seconds:.0f} s") from None
        finally:
            # With what it may have started, which would hold the pipe open.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def read_all(fd: int, seconds: float) -> bytes:
    """All there is to read, within that time."""
    until = time.monotonic() + seconds
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    parts: list[bytes] = []
    size = 0
    while poll.poll(max(until - time.monotonic(), 0) * 1000):
        if not (part := os.read(fd, 1 << 16)):
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise Failed(f"an answer of more than {MOST_BYTES >> 20} MB")
    raise Failed(f"no answer within {seconds:.0f} s")
