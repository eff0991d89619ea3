"""Asks the disks beside the scrapes: those that are due, each by its own pace."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread

from hyperion_exporter.collectors.smart.disk import Disk, Pace, State
from hyperion_exporter.crew import Crew
from hyperion_exporter.sources.program import Failed
from hyperion_exporter.sources.smartctl import Ask, Refused

log = logging.getLogger(__name__)

# A disk that takes longer than well ones do no longer keeps the next one waiting.
PATIENCE_SECONDS = 2.0
# Beyond its time, for a call to be ended.
GRACE_SECONDS = 1.0
SCAN = "scan"


class Rounds:
    """One at a time; a call that hangs keeps its own disk from being asked, and no other."""

    def __init__(
        self,
        ask: Ask,
        mode: str,
        pace: Pace,
        scan: Callable[[], Sequence[Disk]],
        rescan: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._mode = mode
        self._pace = pace
        self._scan = scan
        self._rescan = rescan
        self._clock = clock
        self._crew: Crew[Disk | str, None] = Crew("smart", PATIENCE_SECONDS, clock)
        self._round: Thread | None = None
        self._scanned_at: float | None = None
        self._states: dict[Disk, State] = {}
        self._fault = ""

    def look(self, first: float) -> list[State]:
        """What is known of the disks; what is due is asked beside. The first time, wait so long.

        Raises what keeps the disks from being listed, as long as none is known.
        """
        if not (self._round and self._round.is_alive()) and (self._scan_is_due() or self._due()):
            beginning = self._round is None
            self._round = Thread(target=self._run, name="smart round", daemon=True)
            self._round.start()
            if beginning:
                self._round.join(first)
        if self._fault and not self._states:
            raise Failed(self._fault)
        return list(self._states.values())

    def _scan_is_due(self) -> bool:
        return self._scanned_at is None or self._clock() - self._scanned_at >= self._rescan

    def _due(self) -> list[State]:
        now = self._clock()
        return [state for state in self._states.values() if state.due(self._pace, now)]

    def _run(self) -> None:
        timeout = self._pace.timeout + GRACE_SECONDS
        if self._scan_is_due():
            self._scanned_at = self._clock()
            self._crew.run({SCAN: self._list}, timeout)
        due = self._due()
        calls: dict[Disk | str, Callable[[], None]] = {
            state.disk: partial(self._call, state) for state in due
        }
        self._crew.run(calls, timeout + PATIENCE_SECONDS * len(due))

    def _list(self) -> None:
        try:
            disks = self._scan()
        except (Failed, Refused) as fault:
            if self._states and not self._fault:
                log.warning("the disks cannot be listed anew: %s", fault)
            self._fault = str(fault)
            return
        self._fault = ""
        # A disk that is gone is forgotten; one that hangs comes back when its call does.
        self._states = {
            disk: self._states.get(disk) or State(disk, disk.label(), disk.kind) for disk in disks
        }

    def _call(self, state: State) -> None:
        begun = state.asked_at = self._clock()
        state.asking = True
        try:
            question = ["read", self._mode, state.kind, state.disk.name]
            state.hear(self._ask(question, self._pace.timeout), self._clock())
        except (Failed, Refused) as fault:
            state.note(str(fault))
        finally:
            state.seconds = self._clock() - begun
            state.asking = False
