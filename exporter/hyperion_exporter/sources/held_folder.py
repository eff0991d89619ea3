"""A folder that one program holds at a time, and whose files are there as a whole or not at all."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class HeldFolder(Protocol):
    """Whatever the system says of it is raised as OSError."""

    def hold(self) -> bool:
        """False while another does; ours it is until this is closed or the program ends."""

    def read(self, name: str, most: int) -> str:
        """The beginning of a file, of a folder that was held or is another's."""

    def write(self, name: str, text: str) -> None:
        """All of it or nothing, also if the power fails."""

    def close(self) -> None: ...


class PosixFolder:
    """Held and asked by its descriptor, so it stays the same one whatever its path becomes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def hold(self) -> bool:
        import fcntl  # here: Windows has none

        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def read(self, name: str, most: int) -> str:
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._fd)
        with os.fdopen(file, encoding="utf-8") as opened:
            return opened.read(most)

    def write(self, name: str, text: str) -> None:
        new = f"{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(new, flags, dir_fd=self._fd)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            # Written by root once, it is still for who serves to read.
            os.fchmod(file, 0o644)
            opened.write(text)
            opened.flush()
            os.fsync(file)
        os.replace(new, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _lock(fd: int) -> None:
    """PermissionError where another program has it; the system lets go of it when that ends."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)


class WindowsFolder:
    """Held by a file in it, because there a folder can be neither locked nor opened."""

    def __init__(self, path: Path, lock: Callable[[int], None] = _lock) -> None:
        self._path = path
        self._lock = lock
        self._fd = -1

    def hold(self) -> bool:
        if self._fd < 0:
            self._fd = os.open(self._path / "lock", os.O_RDWR | os.O_CREAT)
        try:
            self._lock(self._fd)
        except PermissionError:
            return False
        return True

    def read(self, name: str, most: int) -> str:
        with (self._path / name).open(encoding="utf-8") as opened:
            return opened.read(most)

    def write(self, name: str, text: str) -> None:
        new = self._path / f"{name}.new"
        with new.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self._path / name)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
