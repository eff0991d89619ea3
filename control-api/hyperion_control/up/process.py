"""One running program: a process group of its own that ends, at the latest, with us."""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperion_control.up.plan import Program

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOG_BYTES = 10 * 2**20
LAST_LINES = 5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Process:
    def __init__(self, program: Program) -> None:
        """Start it; an OSError says why it cannot start."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        bound(program.log)
        self.log = program.log
        self._logged = self.log.stat().st_size if self.log.exists() else 0
        libc, parent = ctypes.CDLL(None), os.getpid()

        def tied() -> None:
            # Even a SIGKILL of ours, which no code of ours sees, must leave nothing running.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # we died before the line above
                os._exit(1)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.private else output,
                stderr=subprocess.STDOUT,
                env=os.environ | program.env,
                cwd=program.cwd,
                start_new_session=True,
                preexec_fn=tied,  # safe: this process has one thread
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> str | None:
        """How the program ended, in words; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def gone(self) -> bool:
        """Nothing of the group is left, neither the program nor what it started."""
        if self._process.poll() is None:
            return False
        with suppress(ProcessLookupError):
            os.killpg(self.pid, 0)
            return _only_zombies(self.pid)
        return True

    def printed(self) -> list[str]:
        """What a private program printed, once it has ended; a pipe holds more than it prints."""
        if self._process.stdout is None:
            return []
        with self._process.stdout as pipe:
            return pipe.read().decode().splitlines()

    def last_lines(self) -> list[str]:
        """What it wrote last, of this run only."""
        with suppress(OSError), self.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._logged if self._logged <= end else 0, end - 4096))
            return log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        return []


def bound(log: Path) -> None:
    """Keep a log small while its program goes on writing to it; the part before is kept once."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            with suppress(OSError):  # on a full disk the part before is lost, not the program
                shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


@contextmanager
def held() -> Iterator[None]:
    """Stopping waits until a started program is also a known one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def rest(seconds: float) -> None:
    """Wait until some program ends, at most this long; one that ended before is not noticed."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        signal.sigtimedwait([signal.SIGCHLD], seconds)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _only_zombies(group: int) -> bool:
    """What ended stays listed until its new parent looks, which in a container may be never."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name before the last bracket may hold anything, also spaces and brackets.
            state, _, pgrp = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state not in "ZX":
                return False
    return True
