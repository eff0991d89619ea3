"""A program that somebody ordered: started, read, and ended with all that it started."""

import os
import pwd
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

PIECE_BYTES = 64 * 1024
MARK = "HYPERION_RUN"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TERM_SECONDS, KILL_SECONDS = 2.0, 3.0
LOOK_SECONDS = 0.05


class NotStarted(Exception):
    """The machine could not; the words say why."""


class Running:
    """In a session of its own, with a mark in its environment, which its children have too."""

    def __init__(
        self,
        argv: Sequence[str],
        stdin: bytes,
        env: Mapping[str, str],
        folder: str,
        user: str,
        mark: str,
    ) -> None:
        who = _person(user)
        base = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": who.pw_dir}
        person = {"USER": who.pw_name, "LOGNAME": who.pw_name}
        self._mark = f"{MARK}={mark}".encode()
        try:
            # In memory: a unit may have nowhere to write, and a full disk has to be cleaned up.
            with os.fdopen(os.memfd_create("stdin"), "r+b") as file:
                file.write(stdin)
                file.seek(0)
                asked = {**base, **person, **env, MARK: mark}
                self._process = _start(argv, file, asked, folder or who.pw_dir, _becoming(who))
        except OSError as fault:
            what = fault.filename or argv[0]
            raise NotStarted(f"cannot start: {what}: {fault.strerror}") from None
        self._selector = DefaultSelector()
        self._pipes = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        for stream, pipe in self._pipes.items():
            if pipe:
                self._selector.register(pipe, EVENT_READ, stream)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._selector.register(self._pidfd, EVENT_READ, "")

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        """What came of stdout and stderr, after waiting no longer than this for something."""
        came = []
        for key, _ in self._selector.select(seconds):
            if not key.data:
                self._selector.unregister(key.fileobj)
            elif piece := os.read(key.fd, PIECE_BYTES):
                came.append((key.data, piece))
            else:
                self._selector.unregister(key.fileobj)
        return came

    def drained(self) -> bool:
        return not any(key.data for key in self._selector.get_map().values())

    def ended(self) -> tuple[int | None, str] | None:
        """Exit code or name of the signal; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        return (status, "") if status >= 0 else (None, signal.Signals(-status).name[3:])

    def stop(self) -> bool:
        """Ends all of it, SIGTERM first; whether all of it is gone."""
        self._signal(signal.SIGTERM)
        if self._gone_within(TERM_SECONDS):
            return True
        for _ in range(3):  # who forks meanwhile is met the next time
            self._signal(signal.SIGKILL)
            if self._gone_within(KILL_SECONDS / 3):
                return True
        return False

    def close(self) -> None:
        self._selector.close()
        os.close(self._pidfd)
        for pipe in self._pipes.values():
            if pipe:
                pipe.close()
        self._process.poll()

    def _signal(self, number: int) -> None:
        for pid in self._living():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _gone_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._living():
            if time.monotonic() > until:
                return False
            self._process.poll()
            time.sleep(LOOK_SECONDS)
        return True

    def _living(self) -> list[int]:
        """Who is in its session or carries its mark; zombies are dead."""
        folders = (path for path in Path("/proc").iterdir() if path.name.isdecimal())
        return [int(path.name) for path in folders if self._is_ours(path)]

    def _is_ours(self, folder: Path) -> bool:
        try:
            state, _, _, session = (folder / "stat").read_text().rpartition(") ")[2].split()[:4]
            if state in "ZX":
                return False
            ours = int(session) == self._process.pid
            return ours or self._mark in (folder / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):  # gone meanwhile, or somebody else's
            return False


def _start(
    argv: Sequence[str], stdin: IO[bytes], env: Mapping[str, str], folder: str, who: dict[str, Any]
) -> "subprocess.Popen[bytes]":
    # Not at the head of the file: who has no such program need not carry it.
    import subprocess

    return subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=folder,
        env=env,
        start_new_session=True,
        **who,
    )


def _person(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user) if user else pwd.getpwuid(os.getuid())
    except KeyError:
        raise NotStarted(f"there is no user {user or os.getuid()} on this machine") from None


def _becoming(who: pwd.struct_passwd) -> dict[str, Any]:
    if who.pw_uid == os.getuid():
        return {}
    if os.getuid() != 0:
        raise NotStarted(f"this agent is not root, so it cannot run something as {who.pw_name}")
    groups = os.getgrouplist(who.pw_name, who.pw_gid)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": groups}
