"""A program that is asked for its answer: bounded in time and in size, and gone afterwards."""

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple, cast

# Of an answer; ten thousand packages take a tenth of it.
MOST_BYTES = 8 << 20


class Failed(Exception):
    """It gave no answer; the words say why."""


class Output(NamedTuple):
    status: int
    text: str


def run(argv: Sequence[str], seconds: float, environment: Mapping[str, str]) -> Output:
    """What it printed; words and numbers are the same everywhere."""
    # Not at the head of the file: who has no such program need not carry it.
    import subprocess

    until = time.monotonic() + seconds
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C.UTF-8"} | dict(environment),
            start_new_session=True,
        )
    except OSError as fault:
        raise Failed(f"{argv[0]} cannot be started: {fault.strerror}") from fault
    with process:
        try:
            text = _read(cast(IO[bytes], process.stdout).fileno(), until)
            status = process.wait(max(until - time.monotonic(), 0))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise Failed(f"{argv[0]} gave no answer within {seconds:.0f} s") from None
        except OverflowError:
            raise Failed(f"{argv[0]} answered with more than {MOST_BYTES >> 20} MB") from None
        finally:
            # With what it may have started, which would hold the pipe open.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return Output(status, text.decode("utf-8", "replace"))


def _read(fd: int, until: float) -> bytes:
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
            raise OverflowError
    raise TimeoutError
