"""Keeps programs running: restarts what dies, with growing pauses, and ends all at once."""

import signal
import time
from collections.abc import Callable, Sequence

from hyperion_control.up.plan import Program
from hyperion_control.up.process import Process, bound, held, rest

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
WELL_SECONDS = 60.0
# Prometheus writes its head block out on SIGTERM, which takes it a second.
TERM_SECONDS = 4.0
KILL_SECONDS = 0.8


class Watched:
    """A program, its present process and its luck so far."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: Process | None = None
        self.failures = 0
        self.since = 0.0  # when it started
        self.due = 0.0  # when it may start again


class Supervisor:
    def __init__(
        self,
        programs: Sequence[Program],
        say: Callable[[str], None],
        pauses: Sequence[float] = PAUSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.watched = [Watched(program) for program in programs]
        self._say = say
        self._pauses = pauses
        self._clock = clock

    def tick(self) -> None:
        """Start what is due and notice what ended."""
        for each in self.watched:
            if each.process is None:
                if self._clock() >= each.due:
                    self._start(each)
            elif how := each.process.end():
                self._ended(each, each.process, how)
            else:
                bound(each.program.log)

    def failures(self, name: str) -> int:
        return next(each.failures for each in self.watched if each.program.name == name)

    def stop(self) -> None:
        left = [each.process for each in self.watched if each.process]
        for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            for process in left:
                process.send(number)
            deadline = time.monotonic() + seconds
            while (left := [each for each in left if not each.gone()]) and (
                time.monotonic() < deadline
            ):
                rest(0.05)

    def _start(self, each: Watched) -> None:
        try:
            with held():
                each.process = Process(each.program)
        except OSError as fault:
            pause = self._postpone(each)
            reason = f"{fault.strerror}: {fault.filename}"
            self._say(f"{each.program.name} cannot start ({reason}); next try in {pause:g} s")
            return
        each.since = self._clock()
        if each.failures:
            self._say(f"{each.program.name} started again (process {each.process.pid})")

    def _ended(self, each: Watched, process: Process, how: str) -> None:
        # What it started itself may still hold its port.
        process.send(signal.SIGKILL)
        each.process = None
        ran = self._clock() - each.since
        if ran >= WELL_SECONDS:
            each.failures = 0
        pause = self._postpone(each)
        lines = process.last_lines()
        last = " Its last lines:" if lines else ""
        self._say(
            f"{each.program.name} ended after {ran:.0f} s ({how}); next start in {pause:g} s.{last}"
        )
        for line in lines:
            self._say(f"    {line}")

    def _postpone(self, each: Watched) -> float:
        pause = self._pauses[min(each.failures, len(self._pauses) - 1)]
        each.failures += 1
        each.due = self._clock() + pause
        return pause
