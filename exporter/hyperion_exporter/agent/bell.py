"""The agent's side of an update: it tells hyperion-update, which is root, that there is one."""

import logging
import time
from pathlib import Path

log = logging.getLogger("hyperion_agent")

# It needs less; if it found nothing then, or failed, it is told again.
AGAIN_SECONDS = 60.0


class Bell:
    """Says that there is something to ask for, and nothing about what: root asks for itself."""

    def __init__(self, state: Path, release: str) -> None:
        self._file = state / "update"
        self._release = release
        self._task = ""
        self._until = 0.0

    def known(self) -> str | None:
        """The update that it rang for a moment ago; None where no install.sh brought us: none."""
        if not self._release:
            return None
        return self._task if time.monotonic() < self._until else ""

    def ring(self, task: str) -> None:
        self._task, self._until = task, time.monotonic() + AGAIN_SECONDS
        try:
            self._file.write_text("")
        except OSError as fault:
            log.warning("cannot ask for the update: %s", fault)
