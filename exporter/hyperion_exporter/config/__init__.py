"""Flags, environment and file into what runs: which collectors, how set, reading from where."""

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperion_exporter.collector import Collector
from hyperion_exporter.config import environment, flags, settings
from hyperion_exporter.config.settings import ConfigError, Said
from hyperion_exporter.paths import Paths

# The first one that says something of a setting is right: flags, environment, file.
Sources = ChainMap[str, Said]


@dataclass(frozen=True)
class Plan:
    """All that a collector is made of: with an equal one, it is the same collector."""

    kind: type[Collector]
    paths: Paths
    options: Any


@dataclass(frozen=True)
class Config:
    command: str
    listen: tuple[str, ...]
    systemd_socket: bool
    telemetry_path: str
    web_file: Path | None
    max_requests: int
    log_level: str
    log_format: str
    made: Mapping[Plan, Collector]
    without_effect: tuple[str, ...]

    @property
    def collectors(self) -> tuple[Collector, ...]:
        return tuple(self.made.values())


def read(
    argv: Sequence[str],
    kinds: Sequence[type[Collector]],
    environ: Mapping[str, str] | None = None,
    known: Mapping[Plan, Collector] | None = None,
) -> Config:
    """ConfigError says what is wrong; collectors of the same plan are taken from the known."""
    all_settings = settings.every(kinds)
    ours = flags.read(argv, [settings.FILE, *all_settings])
    said: Sources = ChainMap(
        dict(ours.said), environment.read(environ or {}, [settings.FILE, *all_settings])
    )
    if path := _value(said, settings.FILE):
        # YAML takes memory: only where there is a file.
        from hyperion_exporter.config import file

        said.maps.append(file.read(path, all_settings))
    return Config(
        command=ours.command,
        listen=_value(said, settings.LISTEN),
        systemd_socket=_value(said, settings.SOCKET),
        telemetry_path=_value(said, settings.TELEMETRY),
        web_file=_value(said, settings.WEB_FILE),
        max_requests=_value(said, settings.MAX_REQUESTS),
        log_level=_value(said, settings.LOG_LEVEL),
        log_format=_value(said, settings.LOG_FORMAT),
        made=_made(said, kinds, known or {}),
        without_effect=ours.without_effect,
    )


def _value(said: Sources, setting: settings.Setting) -> Any:
    return said[setting.key].value if setting.key in said else setting.default


def _made(
    said: Sources, kinds: Sequence[type[Collector]], known: Mapping[Plan, Collector]
) -> dict[Plan, Collector]:
    defaults_off = _value(said, settings.DEFAULTS_OFF)
    paths = Paths(*(_value(said, setting) for setting in settings.roots()))
    made = {}
    for kind in kinds:
        switch = settings.enabled(kind)
        if _value(said, switch) and (switch.key in said or not defaults_off):
            chosen = {name: _value(said, s) for name, s in settings.options(kind).items()}
            plan = Plan(kind, paths, kind.options(**chosen))
            made[plan] = known.get(plan) or _make(plan, said)
    return made


def _make(plan: Plan, said: Sources) -> Collector:
    try:
        return plan.kind(plan.paths, plan.options)
    except re.error as fault:
        own = [said[s.key] for s in settings.options(plan.kind).values() if s.key in said]
        at = next((s.place for s in own if s.value == fault.pattern), f"collector {plan.kind.name}")
        raise ConfigError(f"{at}: {fault.pattern!r} is no regular expression: {fault}") from None
    except ValueError as fault:
        raise ConfigError(f"collector {plan.kind.name}: {fault}") from None
