"""The folder in which the tally outlives the exporter; of several who count, one holds it."""

import fcntl
import logging
import os
from pathlib import Path

from hyperion_exporter.collectors.events import tally
from hyperion_exporter.collectors.events.tally import Tally

log = logging.getLogger(__name__)

FILE = "events.json"
NEW = f"{FILE}.new"
# Far more than a tally of all there can be.
_MOST_BYTES = 1 << 20


class Keeping:
    """Whatever is wrong with the folder is said once, and costs nothing but the keeping."""

    def __init__(self, folder: Path) -> None:
        self._path = folder
        self._fd = -1
        self._complaint = ""

    def hold(self) -> bool:
        """False while another does; ours it is until this is closed or the program ends."""
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as fault:
            self._complain(f"{fault.strerror}; a restart will begin at 0")
        return True

    def load(self) -> Tally | None:
        if self._fd < 0:
            return None
        try:
            file = os.open(FILE, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._fd)
            with os.fdopen(file, encoding="utf-8") as opened:
                return tally.parsed(opened.read(_MOST_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            self._complain(f"{FILE} cannot be read ({fault}); what follows is counted from 0")
            return None

    def save(self, kept: Tally) -> bool:
        """All of it or nothing, also if the power fails."""
        if self._fd < 0:
            return False
        try:
            self._write(kept.text())
        except OSError as fault:
            self._complain(f"{fault.strerror}; a restart will count again what follows")
            return False
        self._complaint = ""
        return True

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _write(self, text: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(NEW, flags, dir_fd=self._fd)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            # Written by root once, it is still for who serves to read.
            os.fchmod(file, 0o644)
            opened.write(text)
            opened.flush()
            os.fsync(file)
        os.replace(NEW, FILE, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            log.warning("events in %s: %s", self._path, complaint)
        self._complaint = complaint
