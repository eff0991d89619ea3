"""The disks as they are now: what each said last, how old that is, and whether it can be asked."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hyperion_exporter.collector import Block, Samples, gauge
from hyperion_exporter.collectors.smart import scan
from hyperion_exporter.collectors.smart.disk import Pace, State
from hyperion_exporter.collectors.smart.rounds import Rounds
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import old_smartctl
from hyperion_exporter.sources.smartctl import Ask

if TYPE_CHECKING:
    from hyperion_exporter.collectors.smart import Options

DEVICES = gauge("smartctl_devices", "Disks that smartctl knows.")
VERSION = gauge(
    "smartctl_version", "smartctl's own version.",
    "json_format_version", "smartctl_version", "svn_revision", "build_info",
)  # fmt: skip
AGE = gauge("hyperion_smart_age_seconds", "Time since the disk was last read.", "device")
SUCCESS = gauge("hyperion_smart_read_success", "Whether the disk could be asked.", "device")
SECONDS = gauge("hyperion_smart_read_duration_seconds", "How long smartctl took.", "device")
INTERVAL = gauge("hyperion_smart_interval_seconds", "How often the disk is asked.", "device")
POWER = gauge(
    "hyperion_smart_power_mode",
    "Whether the disk sleeps; then what is told of it is as old as its age says.",
    "device",
    "mode",
)


class Watch:
    def __init__(
        self,
        ask: Ask,
        options: "Options",
        wanted: Callable[[str], bool],
        paths: Paths,
        clock: Callable[[], float],
    ) -> None:
        ask = old_smartctl.translated(ask)
        given = scan.given(options.device)
        self._clock = clock
        self._pace = Pace(options.interval, options.interval_rotating, options.timeout)
        self._rounds = Rounds(
            ask,
            "idle" if options.skip_idle else "standby",
            self._pace,
            lambda: given or scan.found(ask, options.timeout, wanted, paths),
            options.rescan,
            clock,
        )

    def follow(self, factor: float) -> None:
        """Ask so much later than usual."""
        self._pace.factor = factor

    def look(self, first: float) -> list[Block]:
        states = self._rounds.look(first)
        # In this order: an answer may come in between, and its values are not to be without an age.
        now = self._now(states)
        # A disk that sleeps or hangs keeps what it said before.
        return [*(state.samples for state in states if state.samples), now]

    def _now(self, states: Sequence[State]) -> Samples:
        """What changes from one scrape to the next."""
        samples = Samples()
        samples.add(DEVICES, len(states))
        for version in [state.version for state in states if state.version][:1]:
            samples.add(VERSION, 1, *version)
        for state in states:
            self._add(samples, state)
        return samples

    def _add(self, samples: Samples, state: State) -> None:
        now = self._clock()
        samples.add(SUCCESS, int(state.readable(self._pace, now)), state.label)
        samples.add(SECONDS, f"{state.seconds:.3f}", state.label)
        samples.add(INTERVAL, state.interval(self._pace), state.label)
        samples.add(POWER, 1, state.label, state.power)
        if state.read_at is not None:
            samples.add(AGE, f"{now - state.read_at:.3f}", state.label)
