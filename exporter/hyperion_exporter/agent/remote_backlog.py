"""What waits to be sent, in order: in memory while that is quick, on disk when it takes longer."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

# Half an hour of a machine with 3,000 series.
MOST_BYTES = 16 * 1024 * 1024
# Nothing waits longer but for a receiver that is away: a disk need not hear of all that is well.
SOON_SECONDS = 30.0


@dataclass(eq=False)
class Waiting:
    size: int
    data: bytes | None  # None: it is in the file
    file: Path
    since: float = 0.0

    def read(self) -> bytes:
        return self.file.read_bytes() if self.data is None else self.data


class Backlog:
    """Of too much the oldest is let go. On a full disk all stays in memory."""

    def __init__(
        self,
        folder: Path,
        most: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count(time.time_ns())
        self._shown: Waiting | None = None
        for torn in folder.glob("*.new"):
            torn.unlink()
        left = sorted(folder.glob("*.request"))
        self._waiting = deque(Waiting(file.stat().st_size, None, file) for file in left)
        self._size = sum(each.size for each in self._waiting)

    def add(self, data: bytes) -> None:
        with self._lock:
            file = self._folder / f"{next(self._numbers):020}.request"
            self._waiting.append(Waiting(len(data), data, file, now := self._clock()))
            self._size += len(data)
            while self._size > self._most:
                self._let_go()
            if self._waiting and now - self._waiting[0].since > SOON_SECONDS:
                self._write()

    def first(self) -> bytes | None:
        with self._lock:
            while self._waiting:
                self._shown = self._waiting[0]
                try:
                    return self._shown.read()
                except OSError:  # somebody has cleared the folder
                    self._let_go()
            return None

    def done(self) -> None:
        """With the first one, which may have been let go meanwhile."""
        with self._lock:
            if self._waiting and self._waiting[0] is self._shown:
                self._let_go()

    def keep(self) -> None:
        """For the next start."""
        with self._lock:
            self._write()

    def _let_go(self) -> None:
        gone = self._waiting.popleft()
        self._size -= gone.size
        gone.file.unlink(missing_ok=True)

    def _write(self) -> None:
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for each in self._waiting:
                if each.data is not None:
                    # By another name until it is whole.
                    new = each.file.with_suffix(".new")
                    new.write_bytes(each.data)
                    new.rename(each.file)
                    each.data = None
