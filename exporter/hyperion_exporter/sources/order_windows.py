"""As order.py, on Windows: what an order starts is one job of the system's, and ends as one."""

import os
import queue
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from hyperion_exporter.sources.windows_job import Job, NotStarted, job_of_windows

if TYPE_CHECKING:
    import subprocess

PIECE_BYTES = 64 * 1024
MOST_PIECES = 256
# Without these hardly anything starts there.
KEPT = ("ComSpec", "PATH", "PATHEXT", "ProgramFiles", "SystemDrive", "SystemRoot", "TEMP", "TMP")
KILL_SECONDS, LOOK_SECONDS = 3.0, 0.05
MOST_CODE = 255


class Running:
    """Threads read what it says: there nobody can wait for several pipes at once."""

    def __init__(
        self,
        argv: Sequence[str],
        stdin: bytes,
        env: Mapping[str, str],
        folder: str,
        user: str,
        mark: str,  # the job marks it
        job: Job | None = None,
    ) -> None:
        if user:
            raise NotStarted("on Windows an order runs as the agent's own user: name no other")
        self._job = job or job_of_windows()
        base = {name: os.environ[name] for name in KEPT if name in os.environ}
        try:
            with tempfile.TemporaryFile() as file:
                file.write(stdin)
                file.seek(0)
                self._process = _start(argv, file, {**base, **env}, folder, self._job.flags)
        except OSError as fault:
            self._job.leave()
            what = fault.filename or argv[0]
            raise NotStarted(f"cannot start: {what}: {fault.strerror}") from None
        self._begin()
        self._pieces: queue.Queue[tuple[str, bytes]] = queue.Queue(MOST_PIECES)
        self._closed = threading.Event()
        self._open = 0
        for stream, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            self._open += 1
            threading.Thread(target=self._hear, args=(stream, pipe), daemon=True).start()

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        """What came of stdout and stderr, after waiting no longer than this for something."""
        came = []
        try:
            came.append(self._pieces.get(timeout=seconds))
            while len(came) < MOST_PIECES:
                came.append(self._pieces.get_nowait())
        except queue.Empty:
            pass
        self._open -= sum(not piece for _, piece in came)
        return [(stream, piece) for stream, piece in came if piece]

    def drained(self) -> bool:
        return self._open == 0

    def ended(self) -> tuple[int | None, str] | None:
        """Exit code, or the status by which Windows says how it failed; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        return (status, "") if 0 <= status <= MOST_CODE else (None, f"0x{status & 0xFFFFFFFF:08X}")

    def stop(self) -> bool:
        """Ends all of it at once: there is no asking there. Whether all of it is gone."""
        self._job.end()
        until = time.monotonic() + KILL_SECONDS
        while self._job.living():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        self._process.wait(KILL_SECONDS)
        return True

    def close(self) -> None:
        """A thread that still hears something ends by itself, as soon as that is silent or says
        something: closing its pipe under it would block."""
        self._closed.set()
        self.read(0)
        self._job.leave()

    def _begin(self) -> None:
        try:
            self._job.take(self._process)
        except NotStarted:
            self._process.kill()
            self._process.communicate()
            self._job.leave()
            raise

    def _hear(self, stream: str, pipe: IO[bytes]) -> None:
        with pipe:
            while not self._closed.is_set():
                piece = pipe.read(PIECE_BYTES)
                self._pieces.put((stream, piece))
                if not piece:
                    return


def _start(
    argv: Sequence[str],
    stdin: IO[bytes],
    env: Mapping[str, str],
    folder: str,
    flags: Mapping[str, Any],
) -> "subprocess.Popen[bytes]":
    # Not at the head of the file: who has no such program need not carry it.
    import subprocess

    out, cwd = subprocess.PIPE, folder or None
    return subprocess.Popen(
        argv, stdin=stdin, stdout=out, stderr=out, bufsize=0, cwd=cwd, env=env, **flags
    )
