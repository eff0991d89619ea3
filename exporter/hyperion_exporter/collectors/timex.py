"""How well the clock is kept: its error, its drift and whether anything keeps it at all."""

from collections.abc import Callable, Iterable

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    NoData,
    NoOptions,
    counter,
    gauge,
    one,
)
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import adjtimex

# adjtimex(2): its state when nothing keeps the clock, and the status bit for nanoseconds.
TIME_ERROR = 5
STA_NANO = 0x2000
MICROSECONDS = 1e6
NANOSECONDS = 1e9
# Frequencies are in millionths with 16 bits behind the point.
PARTS = 65536e6


def _gauge(name: str, help: str) -> Family:
    return gauge(f"node_timex_{name}", help)


def _counter(name: str, help: str) -> Family:
    return counter(f"node_timex_{name}_total", help)


FAMILIES = (
    _gauge("sync_status", "Whether something keeps the clock right."),
    _gauge("offset_seconds", "What the clock is off from its reference."),
    _gauge("frequency_adjustment_ratio", "How much faster the clock is made to run."),
    _gauge("maxerror_seconds", "What the clock is off at most."),
    _gauge("estimated_error_seconds", "What the clock is off by estimate."),
    _gauge("status", "Bits of the clock's status, STA_* of adjtimex(2)."),
    _gauge("loop_time_constant", "Time constant of the loop that keeps the clock."),
    _gauge("tick_seconds", "Time between two ticks."),
    _gauge("pps_frequency_hertz", "Drift measured against a signal once a second (PPS)."),
    _gauge("pps_jitter_seconds", "Jitter of the PPS signal."),
    _gauge("pps_shift_seconds", "Length of a PPS interval."),
    _gauge("pps_stability_hertz", "How much the drift measured by PPS wanders."),
    _counter("pps_jitter", "Times the PPS signal had too much jitter."),
    _counter("pps_calibration", "PPS intervals measured."),
    _counter("pps_error", "PPS intervals that could not be measured."),
    _counter("pps_stability_exceeded", "Times the drift measured by PPS wandered too far."),
    _gauge("tai_offset_seconds", "What atomic time (TAI) is ahead."),
)


class Timex(Collector):
    name = "timex"
    help = "Error, drift and state of the clock as adjtimex gives it."

    def __init__(
        self,
        paths: Paths,
        _: NoOptions,
        read: Callable[[], tuple[int, adjtimex.Clock]] = adjtimex.read,
    ) -> None:
        self._read = read

    def collect(self) -> Iterable[Block]:
        try:
            state, clock = self._read()
        except PermissionError:
            raise NoData("a container may not ask for the clock") from None
        unit = NANOSECONDS if clock.status & STA_NANO else MICROSECONDS
        values = (
            int(state != TIME_ERROR),
            clock.offset / unit,
            1 + clock.freq / PARTS,
            clock.maxerror / MICROSECONDS,
            clock.esterror / MICROSECONDS,
            clock.status,
            clock.constant,
            clock.tick / MICROSECONDS,
            clock.ppsfreq / PARTS,
            clock.jitter / unit,
            clock.shift,
            clock.stabil / PARTS,
            clock.jitcnt,
            clock.calcnt,
            clock.errcnt,
            clock.stbcnt,
            clock.tai,
        )
        return [one(FAMILIES, values)]
