"""Real processes that stand still, so that two who look at them see the same."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.wait import wait_for

# Has memory, threads and descriptors as told; at each line it gets, it works for a moment.
PROGRAM = """
import os, sys, tempfile, threading, time
with open("/proc/self/comm", "w") as comm:
    comm.write(sys.argv[1])
megabytes, threads, files = map(int, sys.argv[2:5])
held = bytearray(b"x" * (megabytes << 20)), [open("/dev/null") for _ in range(files)]
for _ in range(threads):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
while sys.stdin.readline():
    until = time.process_time() + 0.2
    while time.process_time() < until:
        bytearray(1 << 20)
    with tempfile.TemporaryFile(dir=".") as file:
        file.write(bytes(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    print("ready", flush=True)
"""


@contextmanager
def still(
    name: str, count: int = 1, megabytes: int = 1, threads: int = 0, files: int = 0
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many under that name, until they are ended."""
    argv = [name, "-c", PROGRAM, name, str(megabytes), str(threads), str(files)]
    with TemporaryDirectory() as folder, ExitStack() as stack:
        started = []
        for _ in range(count):
            process = subprocess.Popen(
                argv,
                executable=sys.executable,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=folder,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            started.append(process)
        for process in started:
            _halt(process)
        yield started


def stir(process: subprocess.Popen[bytes]) -> None:
    """Have it work for a moment: processor time, page faults, a megabyte written."""
    process.send_signal(signal.SIGCONT)
    assert process.stdin
    process.stdin.write(b"go\n")
    process.stdin.flush()
    _halt(process)


def _halt(process: subprocess.Popen[bytes]) -> None:
    """When it says that it is ready."""
    assert process.stdout and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: _stopped(process.pid), 10, "the process to stand still")


def _stopped(number: int) -> bool:
    states = (
        (task / "stat").read_text().rpartition(") ")[2][0]
        for task in Path(f"/proc/{number}/task").iterdir()
    )
    return set(states) == {"T"}
