"""A program that is asked for its answer: bounded in time and in size, and gone afterwards."""

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

# Of an answer; ten thousand packages take a tenth of it, the longest of a disk a hundredth.
MOST_BYTES = 8 << 20


class Failed(Exception):
    """It gave no answer; the words say why."""


class Output(NamedTuple):
    status: int
    text: bytes

    def words(self) -> str:
        return self.text.decode("utf-8", "replace")


def run(
    argv: Sequence[str | os.PathLike[str]],
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Output:
    """What it printed; words and numbers are the same everywhere.

    Returns or raises only when it is gone: one that cannot be killed holds its caller, so that no
    second one is started beside it.
    """
    # Not at the head of the file: who has no such program need not carry it.
    import subprocess

    until = time.monotonic() + seconds
    name = Path(argv[0]).name
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C.UTF-8"} | dict(environment or {}),
            start_new_session=True,
        )
    except OSError as fault:
        raise Failed(f"{name} cannot be started: {fault.strerror}") from fault
    with process:
        try:
            text = read_all(cast(IO[bytes], process.stdout).fileno(), seconds, name)
            return Output(process.wait(max(until - time.monotonic(), 0)), text)
        except subprocess.TimeoutExpired:
            raise Failed(_silent(name, seconds)) from None
        finally:
            # With what it may have started, which would hold the pipe open.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def read_all(fd: int, seconds: float, name: str) -> bytes:
    """All there is to read, within that time; the name is of who is read."""
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
            raise Failed(f"{name} answered with more than {MOST_BYTES >> 20} MB")
    raise Failed(_silent(name, seconds))


def _silent(name: str, seconds: float) -> str:
    return f"{name} gave no answer within {seconds:.0f} s"
