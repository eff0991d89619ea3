"""One process of a group: what it holds, and what it took since it was first seen."""

import os
from collections.abc import Mapping
from operator import sub

from hyperion_exporter.process import Process, Status

PAGE = os.sysconf("SC_PAGE_SIZE")
STATES = {"R": "Running", "S": "Sleeping", "D": "Waiting", "Z": "Zombie"}
OTHER_STATE = "Other"

# Counts only grow: ticks in user and system mode, bytes read and written, major and minor faults,
# switches by will and by force.
Counts = tuple[int, ...]
NO_COUNTS: Counts = (0,) * 8
NO_THREAD = Status("", 0, 0, 0, 0)


class Member:
    """`holds` is: processes, threads, then bytes of memory: resident, virtual, swapped and, where
    asked for, proportional and proportionally swapped; descriptors last.
    """

    __slots__ = (
        "_limit", "_smaps", "_threads", "_took", "group", "holds", "name", "partial", "process",
        "states",
    )  # fmt: skip

    def __init__(self, process: Process, smaps: bool) -> None:
        self.process = process
        self.name = ""
        self.group: str | None = None
        self.holds: tuple[int, ...] = ()
        # Of its threads.
        self.states: list[str] = []
        self.partial = False
        self._took = NO_COUNTS[:-2]
        self._threads: Mapping[str, Status] = {}
        self._limit = 0.0
        self._smaps = smaps

    @property
    def fd_ratio(self) -> float:
        return self.holds[-1] / self._limit if self._limit else 0.0

    def look(self) -> Counts:
        """What it took since the look before; reads no more than may have changed."""
        # How memory is shared changes with the others too.
        if self.holds and not self.process.changed and not self._smaps:
            return NO_COUNTS
        before, stat, status = self._took, self.process.stat, self.process.status()
        io, fds = self.process.io(), self.process.fds()
        shared = self.process.proportional() if self._smaps else ()
        self.partial = io is None or fds is None or shared is None
        self._note_limit(fds)
        self._took = (
            stat.user, stat.system, *(io or before[2:4]), stat.major_faults, stat.minor_faults
        )  # fmt: skip
        self.holds = (
            1, stat.threads, stat.resident * PAGE, stat.virtual, status.swapped,
            *((0, 0) if shared is None else shared), fds or 0,
        )  # fmt: skip
        return *map(sub, self._took, before), *self._switches(status)

    def _switches(self, status: Status) -> tuple[int, int]:
        """Of all its threads: /proc gives those of the first as those of the process."""
        before = self._threads
        alone = self.process.stat.threads == 1
        self._threads = {self.process.number: status} if alone else self.process.threads()
        self.states = [STATES.get(thread.state, OTHER_STATE) for thread in self._threads.values()]
        voluntary = involuntary = 0
        for number, thread in self._threads.items():
            known = before.get(number, NO_THREAD)
            # The number of one that ended may have been given to another.
            voluntary += max(thread.voluntary - known.voluntary, 0)
            involuntary += max(thread.involuntary - known.involuntary, 0)
        return voluntary, involuntary

    def _note_limit(self, fds: int | None) -> None:
        # Who raises the limit does so to open more.
        if fds and (not self._limit or fds != self.holds[-1]):
            self._limit = self.process.fd_limit()
