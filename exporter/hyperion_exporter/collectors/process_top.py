"""The processes that take most, a few by each measure, without one series too many."""

import heapq
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hyperion_exporter.collector import Block, Collector, Samples, counter, gauge, option
from hyperion_exporter.crew import Crew
from hyperion_exporter.paths import Paths
from hyperion_exporter.process import Crowd, Process, unit

LABELS = ("pid", "name", "unit")
CPU = counter("hyperion_process_cpu_seconds_total", "Processor time of the process.", *LABELS)
RESIDENT = gauge(
    "hyperion_process_resident_memory_bytes", "Resident memory of the process.", *LABELS
)
READ = counter(
    "hyperion_process_read_bytes_total", "Bytes that it had fetched from storage.", *LABELS
)
WRITTEN = counter(
    "hyperion_process_written_bytes_total", "Bytes that it had sent to storage.", *LABELS
)
FDS = gauge("hyperion_process_open_fds", "File descriptors that it holds.", *LABELS)
THREADS = gauge("hyperion_process_threads", "Threads of the process.", *LABELS)
AGE = gauge(
    "hyperion_process_top_age_seconds", "Time since these processes were chosen from among all."
)

Measured = Mapping[str, tuple[tuple[float, int], ...]]
MEASURES = 4

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Ten thousand processes take a fifth of a second to look at: no more than this part of a processor.
SHARE = 0.01
# Where that takes longer, the next scrape has the choice and this one the choice before.
WAIT_SECONDS = 0.1
# Who has a place loses it to one that takes this much more: two alike would take turns.
HOLD = 1.5
# Less than this a second is nothing lately, and what was taken in all decides: else on a machine at
# rest each program that wakes up for a moment would be in.
NOISE_TICKS = 1.0
NOISE_BYTES = 10_000.0


@dataclass(frozen=True)
class Options:
    count: int = option(10, "how many processes to give by each of the four measures")
    interval: int = option(10, "seconds for which a choice holds at least")


class Seat(NamedTuple):
    number: str
    started: int
    unit: str


class Choice(NamedTuple):
    seats: tuple[Seat, ...]
    made_at: float


class Standing:
    """What a process has and takes, as of the last look."""

    __slots__ = ("_cpu", "_cpu_lately", "_fds", "_io", "_io_lately", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self._cpu_lately = self._io_lately = 0.0
        self._look()

    def renew(self, seconds: float) -> None:
        cpu, io = self._cpu, self._io
        if self.process.changed:
            self._look()
        # What was before counts half each time.
        self._cpu_lately = (self._cpu_lately + (self._cpu - cpu) / seconds) / 2
        self._io_lately = (self._io_lately + (self._io - io) / seconds) / 2

    def measures(self) -> tuple[tuple[float, int], ...]:
        """Processor time, memory, storage and descriptors: lately, and in all."""
        resident = self.process.stat.resident
        return (
            (self._cpu_lately if self._cpu_lately >= NOISE_TICKS else 0.0, self._cpu),
            (resident, resident),
            (self._io_lately if self._io_lately >= NOISE_BYTES else 0.0, self._io),
            (self._fds, self._fds),
        )

    def _look(self) -> None:
        stat = self.process.stat
        self._cpu = stat.user + stat.system
        self._io = sum(self.process.io() or ())
        self._fds = self.process.fds() or 0


class ProcessTop(Collector):
    name = "process_top"
    help = "The processes that take most processor time, memory, storage traffic and descriptors."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._options = options
        self._wait = wait
        self._clock = clock
        self._crowd = Crowd(paths.procfs)
        self._crew: Crew[str, None] = Crew("process_top", wait)
        self._standings: dict[str, Standing] = {}
        # By measure, who was chosen by it.
        self._holders: list[set[str]] = [set() for _ in range(MEASURES)]
        self._choice = Choice((), clock())
        self._due_at = clock()

    def collect(self) -> Iterable[Block]:
        if self._clock() >= self._due_at:
            self._crew.run({"choose": self._renew}, self._wait)
        choice, samples = self._choice, Samples()
        samples.add(AGE, round(self._clock() - choice.made_at, 3))
        for seat in choice.seats:
            self._add(samples, seat)
        return [samples]

    def _add(self, samples: Samples, seat: Seat) -> None:
        """As it is now, if it still is."""
        try:
            process = self._crowd.alone(seat.number)
        except OSError:
            return
        stat, io, fds = process.stat, process.io(), process.fds()
        if stat.started != seat.started:
            return
        labels = (seat.number, stat.name, seat.unit)
        samples.add(CPU, (stat.user + stat.system) / TICKS, *labels)
        samples.add(RESIDENT, stat.resident * PAGE, *labels)
        samples.add(THREADS, stat.threads, *labels)
        if io:
            samples.add(READ, io[0], *labels)
            samples.add(WRITTEN, io[1], *labels)
        if fds is not None:
            samples.add(FDS, fds, *labels)

    def _renew(self) -> None:
        begun = self._clock()
        seats = self._choose(begun - self._choice.made_at)
        made_at = self._clock()
        self._choice = Choice(seats, made_at)
        self._due_at = made_at + max(self._options.interval, (made_at - begun) / SHARE)

    def _choose(self, seconds: float) -> tuple[Seat, ...]:
        known, self._standings = self._standings, {}
        for number, process in self._crowd.look(glance=True).items():
            standing = known.get(number)
            if standing and standing.process is process:
                standing.renew(seconds)
            else:
                standing = Standing(process)
            self._standings[number] = standing
        # A process of which nothing is known but that it came may be gone in a moment.
        candidates = self._standings.keys() & known.keys() if known else self._standings.keys()
        measured = {number: self._standings[number].measures() for number in candidates}
        self._holders = [
            self._first(place, measured, holders) for place, holders in enumerate(self._holders)
        ]
        chosen = sorted(set().union(*self._holders), key=int)
        return tuple(_seat(self._standings[number].process) for number in chosen)

    def _first(self, place: int, measured: Measured, holders: Collection[str]) -> set[str]:
        """Those with most by the measure in that place."""

        def rank(number: str) -> tuple[float, bool, int]:
            lately, in_all = measured[number][place]
            holds = number in holders
            return lately * (HOLD if holds else 1), holds, in_all

        some = [number for number, measures in measured.items() if measures[place][1]]
        return set(heapq.nlargest(self._options.count, some, key=rank))


def _seat(process: Process) -> Seat:
    return Seat(process.number, process.stat.started, unit(process.cgroups()))
