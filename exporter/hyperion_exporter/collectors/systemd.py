"""The services, timers and sockets of systemd, as it tells them over the system bus."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Filter,
    Samples,
    counter,
    gauge,
    option,
)
from hyperion_exporter.memory import Memory
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.dbus import Bus, Call, Refused, get

# systemd answers for a hundred services in a few hundredths of a second.
WAIT_SECONDS = 0.25
# A bus that is silent for so long is asked anew.
PATIENCE_SECONDS = 30.0
# An answer older than this is none.
TRUST_SECONDS = 90.0
# States in which nothing of a unit changes; it is asked again when it leaves them, or after a while
# for the little that does.
RESTING = ("dead", "exited", "failed")
REST_SECONDS = 300.0

SERVICE = "org.freedesktop.systemd1"
MANAGER = f"{SERVICE}.Manager"
ROOT = "/org/freedesktop/systemd1"
# What systemd says where there is no number, or no limit.
UNSET = 2**64 - 1

STATES = ("active", "activating", "deactivating", "inactive", "failed")
UNITS = gauge("node_systemd_units", "Units that are in this state.", "state")
STATE = gauge(
    "node_systemd_unit_state", "Whether the unit is in this state.", "name", "state", "type"
)
RUNNING = gauge("node_systemd_system_running", "Whether all that should run does.")
VERSION = gauge("node_systemd_version", "Version of systemd.", "version")
VIRTUALIZATION = gauge(
    "node_systemd_virtualization_info", "What the machine runs on.", "virtualization_type"
)


class Property(NamedTuple):
    """A fact of every unit of one kind, and the family that its number becomes."""

    kind: str
    name: str
    family: Family | None = None
    divisor: int = 1


def _gauge(name: str, help: str) -> Family:
    return gauge(f"node_systemd_{name}", help, "name")


START = Property(
    "Unit",
    "ActiveEnterTimestamp",
    _gauge("unit_start_time_seconds", "When the unit became active, since the epoch."),
    1_000_000,
)
RESTARTS = Property(
    "Service",
    "NRestarts",
    counter("node_systemd_service_restart_total", "Times it was started anew.", "name"),
)
TASKS = (
    Property("Service", "TasksCurrent", _gauge("unit_tasks_current", "Tasks of the unit.")),
    Property("Service", "TasksMax", _gauge("unit_tasks_max", "Most tasks it may have.")),
)
TYPES = (Property("Service", "Type"), Property("Mount", "Type"))
ALWAYS = (
    *TYPES,
    Property(
        "Timer",
        "LastTriggerUSec",
        _gauge("timer_last_trigger_seconds", "When the timer last ran out, since the epoch."),
        1_000_000,
    ),
    Property(
        "Socket",
        "NAccepted",
        counter("node_systemd_socket_accepted_connections_total", "Accepted so far.", "name"),
    ),
    Property("Socket", "NConnections", _gauge("socket_current_connections", "Open now.")),
    # A gauge to node_exporter, for all its name.
    Property("Socket", "NRefused", _gauge("socket_refused_connections_total", "Refused so far.")),
)


class Unit(NamedTuple):
    """A unit as systemd lists it, as far as we need it."""

    name: str
    load: str
    active: str
    sub: str
    path: str

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2].title()


class Facts(NamedTuple):
    """What a unit answered, and the state that it was in."""

    sub: str
    asked_at: float
    values: dict[Property, Any]


@dataclass(frozen=True)
class Options:
    unit_include: str = option(".+", "regular expression of the only units to give")
    unit_exclude: str = option(
        r".+\.(automount|device|mount|scope|slice)", "regular expression of the units to leave out"
    )
    enable_task_metrics: bool = option(True, "give the number of tasks of services")
    enable_restarts_metrics: bool = option(True, "give how often services were started anew")
    enable_start_time_metrics: bool = option(False, "give when units became active")


class Systemd(Collector):
    name = "systemd"
    help = "State, restarts and tasks of systemd's units."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # node_exporter matches the whole name here.
        self._wanted = Filter(f"^(?:{options.unit_include})$", f"^(?:{options.unit_exclude})$")
        self._properties = (
            *ALWAYS,
            *(TASKS if options.enable_task_metrics else ()),
            *((RESTARTS,) if options.enable_restarts_metrics else ()),
            *((START,) if options.enable_start_time_metrics else ()),
        )
        self._bus = Bus(paths.rootfs, SERVICE, PATIENCE_SECONDS)
        self._clock = clock
        self._facts: dict[str, Facts] = {}
        self._memory = Memory("systemd", self._ask, WAIT_SECONDS, TRUST_SECONDS, clock)

    def collect(self) -> Iterable[Block]:
        return [self._memory.look()]

    def _ask(self) -> Samples:
        names = ("Version", "Virtualization", "SystemState")
        *facts, listed = self._bus.ask(
            [*(get(ROOT, MANAGER, name) for name in names), Call(ROOT, MANAGER, "ListUnits")]
        )
        if isinstance(listed, Refused):
            raise listed
        samples = Samples()
        _add_manager(samples, *(None if isinstance(fact, Refused) else fact for fact in facts))
        units = [
            Unit(name, load, active, sub, path)
            for name, _, load, active, sub, _, path, *_ in listed
        ]
        _add_summary(samples, units)
        wanted = [unit for unit in units if unit.load == "loaded" and self._wanted(unit.name)]
        self._learn(wanted)
        for unit in wanted:
            self._add_unit(samples, unit, self._facts[unit.name].values)
        return samples

    def _learn(self, units: Sequence[Unit]) -> None:
        """Ask those units whose facts may have changed, and forget those that are gone."""
        now = self._clock()
        fresh: dict[str, Facts] = {}
        questions: list[tuple[Unit, Property]] = []
        for unit in units:
            known = self._facts.get(unit.name)
            if known and known.sub == unit.sub in RESTING and now - known.asked_at < REST_SECONDS:
                fresh[unit.name] = known
            else:
                fresh[unit.name] = Facts(unit.sub, now, {})
                questions += [(unit, p) for p in self._properties if p.kind in ("Unit", unit.kind)]
        calls = [get(unit.path, f"{SERVICE}.{p.kind}", p.name) for unit, p in questions]
        for (unit, question), answer in zip(questions, self._bus.ask(calls), strict=True):
            # Older systemd does not have every property.
            if not isinstance(answer, Refused) and answer != UNSET:
                fresh[unit.name].values[question] = answer
        self._facts = fresh

    def _add_unit(self, samples: Samples, unit: Unit, values: dict[Property, Any]) -> None:
        kind = next((values[question] for question in TYPES if question in values), "")
        for state in STATES:
            samples.add(STATE, int(state == unit.active), unit.name, state, kind)
        for question, value in values.items():
            if question is START and unit.active != "active":
                value = 0
            if question.family:
                divisor = question.divisor
                samples.add(question.family, value if divisor == 1 else value / divisor, unit.name)


def _add_manager(samples: Samples, version: Any, virtualization: Any, state: Any) -> None:
    if number := re.search(r"\d{3,}(\.\d+)?", version or ""):
        samples.add(VERSION, number[0], version)
    samples.add(VIRTUALIZATION, 1, virtualization or "none")
    samples.add(RUNNING, int(state == "running"))


def _add_summary(samples: Samples, units: Sequence[Unit]) -> None:
    counts = dict.fromkeys(STATES, 0)
    for unit in units:
        counts[unit.active] = counts.get(unit.active, 0) + 1
    for state, count in counts.items():
        samples.add(UNITS, count, state)
