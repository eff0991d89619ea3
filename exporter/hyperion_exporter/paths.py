"""Where the machine is read from: the roots of /proc, /sys, / and udev, and files kept open."""

import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")

_CHUNK = 1 << 16
# What the kernel calls a page, and files of /sys never exceed.
_SHORT = 1 << 12


class Kept:
    """A file of /proc or /sys that is opened once and read again from its start each time."""

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def read(self) -> bytes:
        if self._fd >= 0:
            try:
                return _whole(self._fd)
            except OSError:
                # Its device went away and may be back under the same name.
                self.close()
        return _whole(self._open())

    def short(self) -> bytes:
        """All of a file of at most 4 kB, as those of /sys are: its end need not be looked for."""
        if self._fd >= 0:
            try:
                return os.pread(self._fd, _SHORT, 0)
            except OSError:
                # So did its process.
                self.close()
        return os.pread(self._open(), _SHORT, 0)

    def text(self) -> str:
        return self.read().decode("utf-8", "surrogateescape")

    def lines(self) -> list[str]:
        # Not splitlines(): it also breaks at characters that a name may hold.
        return [line for line in self.text().split("\n") if line]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _open(self) -> int:
        self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._fd


class Watched(Kept):
    """A kept file of which the kernel says when it changed, as of the list of mounts (proc(5))."""

    __slots__ = ()

    def changed(self) -> bool:
        """Since it was opened or last asked for; of a file that cannot be watched, always."""
        if self._fd < 0:
            return True
        poll = select.poll()
        # An ordinary file is always ready to be written; one that is watched never.
        poll.register(self._fd, select.POLLPRI | select.POLLOUT)
        return bool(poll.poll(0))


def _whole(fd: int) -> bytes:
    """All of a file: the kernel hands out lists of devices about 4 kB at a time."""
    parts = []
    offset = 0
    while part := os.pread(fd, _CHUNK, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


class Parsed(Generic[Content]):
    """A file of a disk, read and parsed again only when it was changed or replaced."""

    def __init__(self, path: Path, parse: Callable[[str], Content]) -> None:
        self._path = path
        self._parse = parse
        self._known: tuple[tuple[int, ...], Content] | None = None

    def get(self) -> Content:
        now = self._path.stat()
        identity = (now.st_dev, now.st_ino, now.st_mtime_ns, now.st_size)
        if self._known is None or self._known[0] != identity:
            text = self._path.read_text(encoding="utf-8", errors="surrogateescape")
            self._known = identity, self._parse(text)
        return self._known[1]


@dataclass(frozen=True)
class Paths:
    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    rootfs: Path = Path("/")
    udev_data: Path = Path("/run/udev/data")

    def proc(self, name: str) -> Kept:
        return Kept(self.procfs / name)

    def watched(self, name: str) -> Watched:
        return Watched(self.procfs / name)

    def sys(self, name: str) -> Path:
        return self.sysfs / name

    def udev(self, name: str) -> Path:
        return self.udev_data / name
