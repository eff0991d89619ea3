"""Reads a log on in a thread of its own, counts, and keeps the count and the position as one."""

import logging
import threading
import time
from collections.abc import Callable
from copy import copy
from typing import NamedTuple

from hyperion_exporter.collectors.events.keeping import Keeping
from hyperion_exporter.collectors.events.tally import Tally
from hyperion_exporter.sources.event_log import EventLog, NoLog

log = logging.getLogger(__name__)

# Read at a time. After a whole batch it rests for three times as long as that took, so that even
# with a day to catch up on the scrapes have most of the processor; 25,000 lines a second are read.
BATCH = 1000
REST = 3
# A write that waits for the disk is worth no more often.
SAVE_SECONDS = 5.0
# Until a log that failed is tried again.
FAULT_SECONDS = 10.0
# Until it is seen whether who holds the folder has let go.
HELD_SECONDS = 1.0

# Opens the log where the tally ends; for a new tally, where the log does.
Open = Callable[[Tally], EventLog]


class Shown(NamedTuple):
    tally: Tally
    # By the clock, when all there was had been counted.
    at: float
    # Whether a restart would go on from here.
    kept: bool


class Follower:
    """Shows what it has kept, not what it has read: so no restart shows less than was shown."""

    def __init__(
        self, open: Open, keeping: Keeping, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open = open
        self._keeping = keeping
        self._clock = clock
        self._log: EventLog | None = None
        self._tally = keeping.empty()
        self._ours = False
        self._caught_up_at = clock()
        self._saved_at = clock() - SAVE_SECONDS
        self._shown: Shown | None = None
        self._fault: Exception = TimeoutError("the log has not been read yet")
        self._looked = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, first: float) -> Shown:
        """What is known; the first time, wait so long. Raises why nothing is."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="events", daemon=True)
            self._thread.start()
            self._looked.wait(first)
        if self._shown is None:
            # A fresh one: what is raised holds all who called, and so the collector, without
            # whose end this thread has none.
            raise copy(self._fault)
        return self._shown

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        rest = 0.0
        while not self._stop.wait(rest):
            rest = self._step()
        if self._log:
            self._log.close()
        self._keeping.close()

    def _step(self) -> float:
        """Reads on; returns how long to rest."""
        try:
            if not (self._ours or self._take_over()):
                return HELD_SECONDS
            return self._read_on()
        except (NoLog, OSError) as fault:
            self._note(fault)
            return FAULT_SECONDS

    def _take_over(self) -> bool:
        """False while another counts; what it keeps is shown."""
        self._ours = self._keeping.hold()
        kept = self._keeping.load()
        if self._ours:
            self._tally = kept or self._tally
        elif kept:
            self._shown = Shown(kept, self._clock(), True)
            self._looked.set()
        return self._ours

    def _read_on(self) -> float:
        begun, tally = self._clock(), self._tally
        self._log = self._log or self._open(tally)
        events = self._log.read(BATCH)
        tally.add(events)
        tally.kind, tally.position = self._log.kind, self._log.position
        behind = len(events) == BATCH
        if not behind:
            self._caught_up_at = begun
        self._show(tally, behind)
        return REST * (self._clock() - begun) if behind else self._log.interval

    def _show(self, tally: Tally, behind: bool) -> None:
        shown, now = self._shown, self._clock()
        if shown and shown.kept and shown.tally.position == tally.position:
            self._shown = shown._replace(at=self._caught_up_at)
        elif now - self._saved_at >= SAVE_SECONDS or not (behind or self._looked.is_set()):
            kept, self._saved_at = self._keeping.save(tally), now
            self._shown = Shown(tally.copy(), self._caught_up_at, kept)
        if not behind:
            self._looked.set()

    def _note(self, fault: NoLog | OSError) -> None:
        if isinstance(fault, OSError) and str(fault) != str(self._fault):
            log.warning("events cannot be read: %s", fault)
        self._fault = fault
        self._looked.set()
        if self._log:
            self._log.close()
            self._log = None
