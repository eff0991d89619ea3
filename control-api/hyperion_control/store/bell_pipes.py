"""The bell between the processes of one machine: each that listens has a named pipe.

Pipes and not sockets of the kernel's Unix family: those hold ten rings where the system was not
told otherwise, and take no path of more than 108 bytes.
"""

import errno
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

# As much as the kernel holds for one reader: 2,000 rings.
PIPE_BYTES = 64 * 1024
CLOSE_SECONDS = 1


class Pipes:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._pipe = -1
        self._thread: threading.Thread | None = None

    def listen(self, heard: Callable[[str], None]) -> None:
        try:
            self._pipe = self._make()
        except OSError as fault:
            said = "cannot hear other processes, so their news come 2 s late: %s in %s"
            log.warning(said, fault.strerror, self._folder)
            return
        self._thread = threading.Thread(target=self._read, args=(heard,), daemon=True)
        self._thread.start()

    def ring(self, topic: str) -> None:
        with suppress(OSError):  # nobody has ever listened, or nobody could
            for name in os.listdir(self._folder):  # noqa: PTH208  a third of the time
                if name != self._name and not name.startswith("."):
                    self._send(self._folder / name, topic)

    def close(self) -> None:
        if self._thread is None:
            return
        path = self._folder / self._name
        self._send(path, "")  # the end
        path.unlink(missing_ok=True)
        self._thread.join(CLOSE_SECONDS)
        self._thread = None

    def _make(self) -> int:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # Under its name only when it is read: until then it would be taken for a dead one's.
        new = self._folder / f".{self._name}"
        os.mkfifo(new, 0o600)
        # To be written as well, so that it does not end with the first who has rung.
        pipe = os.open(new, os.O_RDWR | os.O_CLOEXEC)
        new.rename(self._folder / self._name)
        return pipe

    def _send(self, path: Path, topic: str) -> None:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as fault:
            if fault.errno == errno.ENXIO:  # it was killed: nobody reads there any more
                path.unlink(missing_ok=True)
            return
        with suppress(OSError):  # full, or just gone: who waits there looks by themselves
            os.write(pipe, f"{topic}\n".encode())
        os.close(pipe)

    def _read(self, heard: Callable[[str], None]) -> None:
        rest = b""
        while True:
            *topics, rest = (rest + os.read(self._pipe, PIPE_BYTES)).split(b"\n")
            for topic in topics:
                if not topic:
                    os.close(self._pipe)
                    return
                heard(topic.decode(errors="replace"))
