"""Services of Windows, in windows_exporter's names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hyperion_exporter.collector import Block, Filter, NoData, Samples, gauge, option
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.memory import Memory
from hyperion_exporter.paths import Paths

# Each service is asked twice, some two hundred of them.
WAIT_SECONDS = 0.25
# An answer older than this is none.
TRUST_SECONDS = 90.0
# Far more than there are; those that come first by name.
MOST = 500

STATE = gauge("windows_service_state", "Whether the service is in this state.", "name", "state")
START_MODE = gauge(
    "windows_service_start_mode", "How the service is started; always 1.", "name", "start_mode"
)
STATES = (
    "continue pending", "pause pending", "paused", "running", "start pending", "stop pending",
    "stopped", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    include: str = option(".+", "regular expression of the services to give")
    # Some are copied for each person who logs in, with a number of that login behind their name.
    exclude: str = option(".+_[0-9a-f]{5,}", "regular expression of the services to leave out")
    start_mode_include: str = option(
        "auto", "start modes of the services to give, of auto, manual and disabled, by commas"
    )


class Service(Portable):
    name = "service"
    help = "State and start mode of the services of Windows."
    options = Options

    def __init__(self, paths: Paths, options: Options, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        # windows_exporter matches the whole name here.
        self._wanted = Filter(f"^(?:{options.include})$", f"^(?:{options.exclude})$")
        self._modes = options.start_mode_include.split(",")
        self._memory = Memory("service", self._ask, WAIT_SECONDS, TRUST_SECONDS)

    def collect(self) -> Iterable[Block]:
        if self._system.platform != "win32":
            raise NoData("only Windows has such services")
        samples = Samples()
        for name, (mode, now) in self._memory.look().items():
            samples.add(START_MODE, 1, name, mode)
            for state in STATES:
                samples.add(STATE, int(state == now), name, state)
        return [samples]

    def _ask(self) -> Mapping[str, tuple[str, str]]:
        """Start mode and state by name."""
        found = {}
        for service in self._system.psutil.win_service_iter():
            if self._wanted(service.name()) and (facts := self._facts(service)):
                found[service.name()] = facts
        return {name: found[name] for name in sorted(found)[:MOST]}

    def _facts(self, service: Any) -> tuple[str, str] | None:
        try:
            mode = service.start_type().replace("automatic", "auto")
            if mode not in self._modes:
                return None
            state = service.status().replace("_", " ")
        except (self._system.psutil.Error, OSError):
            # Deleted meanwhile, or not for us to ask; the others are.
            return None
        return mode, state if state in STATES else "unknown"
