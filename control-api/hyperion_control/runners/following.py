"""From a started program to its outcome, the same on every way to a machine."""

import time
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from hyperion_control.domain.excerpts import Keeper
from hyperion_control.runners.base import End, Lost, Outcome, Output, Stream
from hyperion_control.runners.launcher import Launch, Opening, Started

TICK_SECONDS = 0.1  # how soon a cancel is seen
START_SECONDS = 15.0
# A program's last words may still be on their way when its end is known, and what runs on in the
# background may hold the streams open: after so many ticks of silence, or so long, we let go.
SILENT_TICKS = 5
DRAIN_SECONDS = 10.0
STOP_SECONDS = 10.0  # the machine itself gives up after five


class Wire(Protocol):
    """A program on its way; every method may raise Lost."""

    def read(self, seconds: float) -> list[tuple[Stream, bytes]]:
        """What has come of both streams, after waiting no longer than this for something."""

    def drained(self) -> bool:
        """Whether both streams have ended and been read."""

    def ended(self) -> tuple[int | None, str] | None:
        """Exit code or name of the signal; None while it runs."""

    def stop(self, started: Started) -> None:
        """Let the machine end the program and all it started, without waiting for it."""

    def stopped(self) -> bool | None:
        """Whether the machine found all of it gone; None while it is at it."""

    def close(self) -> None:
        """Let go: a program that still runs is then ended by its machine."""


def follow(wire: Wire, launch: Launch, output: Output | None, cancel: Event | None) -> Outcome:
    try:
        return _Following(wire, launch, output, cancel or Event()).outcome()
    finally:
        wire.close()


@dataclass
class _Following:
    wire: Wire
    launch: Launch
    output: Output | None
    cancel: Event
    began: float = field(default_factory=time.monotonic)
    ended: tuple[int | None, str] | None = None

    def __post_init__(self) -> None:
        order = self.launch.order
        self.opening = Opening(self.launch)
        self.kept = {stream: Keeper(order.head, order.tail) for stream in Stream}

    def outcome(self) -> Outcome:
        try:
            why = self._run()
            if why is not None and self.opening.started:
                self._stop(self.opening.started)
                return self._told(why)
        except Lost as lost:
            return self._told(End.LOST, reason=str(lost))
        return self._by_itself()

    def _run(self) -> End | None:
        """Until it has ended, or why it is to be ended."""
        while not self._over():
            if not self.opening.started:
                if self._seconds() > START_SECONDS:
                    raise Lost(f"the machine did not say within {START_SECONDS:g} s that it runs")
            elif self.cancel.is_set():
                return End.CANCELED
            elif self._seconds() > self.launch.order.seconds:
                return End.TIMED_OUT
            self._take(TICK_SECONDS)
        return None

    def _over(self) -> bool:
        """Whether it has ended and all that it said is here."""
        self.ended = self.ended or self.wire.ended()
        if self.ended is None:
            return False
        silent, drain_until = 0, time.monotonic() + DRAIN_SECONDS
        while silent < SILENT_TICKS and time.monotonic() < drain_until:
            if self.wire.drained():
                break
            silent = 0 if self._take(TICK_SECONDS) else silent + 1
        return True

    def _stop(self, started: Started) -> None:
        self.wire.stop(started)
        give_up = time.monotonic() + STOP_SECONDS
        while (gone := self.wire.stopped()) is None:
            if time.monotonic() > give_up:
                raise Lost("the machine did not say whether the program is gone")
            self._take(TICK_SECONDS)
        if not gone:
            raise Lost("the machine could not end all that the program started")
        self._over()

    def _take(self, seconds: float) -> bool:
        """Whether there was something."""
        came = self.wire.read(seconds)
        for stream, piece in came:
            own = self.opening.rest(piece) if stream is Stream.STDOUT else piece
            self.kept[stream].add(own)
            if own and self.output:
                self.output(stream, own)
        return bool(came)

    def _by_itself(self) -> Outcome:
        if self.opening.started is None:
            said = self.kept[Stream.STDERR].excerpt().head.decode(errors="replace").strip()
            return self._told(End.NOT_STARTED, reason=said or "the machine started nothing")
        return self._told(End.SIGNALED if self.ended and self.ended[1] else End.EXITED)

    def _told(self, end: End, reason: str = "") -> Outcome:
        code, signal = self.ended or (None, "")
        stdout, stderr = (self.kept[stream].excerpt() for stream in Stream)
        return Outcome(end, code, signal, self._seconds(), stdout, stderr, reason)

    def _seconds(self) -> float:
        return time.monotonic() - self.began
