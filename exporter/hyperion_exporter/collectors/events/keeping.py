"""The folder in which the tally outlives the exporter; of several who count, one holds it."""

import logging
from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collectors.events import tally
from hyperion_exporter.collectors.events.tally import LINUX, Scheme, Tally
from hyperion_exporter.sources.held_folder import HeldFolder, PosixFolder

log = logging.getLogger(__name__)

FILE = "events.json"
# Far more than a tally of all there can be.
_MOST = 1 << 20


class Keeping:
    """Whatever is wrong with the folder is said once, and costs nothing but the keeping."""

    def __init__(
        self,
        path: Path,
        scheme: Scheme = LINUX,
        folder: Callable[[Path], HeldFolder] = PosixFolder,
    ) -> None:
        self._path = path
        self._scheme = scheme
        self._folder = folder(path)
        self._there = False
        self._complaint = ""

    def hold(self) -> bool:
        """False while another does; ours it is until this is closed or the program ends."""
        try:
            ours = self._folder.hold()
        except OSError as fault:
            self._complain(f"{fault.strerror}; a restart will begin at 0")
            return True
        self._there = True
        return ours

    def empty(self) -> Tally:
        return Tally(self._scheme)

    def load(self) -> Tally | None:
        if not self._there:
            return None
        try:
            return tally.parsed(self._folder.read(FILE, _MOST), self._scheme)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            self._complain(f"{FILE} cannot be read ({fault}); what follows is counted from 0")
            return None

    def save(self, kept: Tally) -> bool:
        if not self._there:
            return False
        try:
            self._folder.write(FILE, kept.text())
        except OSError as fault:
            self._complain(f"{fault.strerror}; a restart will count again what follows")
            return False
        self._complaint = ""
        return True

    def close(self) -> None:
        self._folder.close()
        self._there = False

    def __del__(self) -> None:
        self.close()

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            log.warning("events in %s: %s", self._path, complaint)
        self._complaint = complaint
