"""SIGHUP: the configuration read anew; where it is wrong, what was in force stays so."""

import gc
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hyperion_exporter import logs
from hyperion_exporter.collector import Block, Collector, gauge, one
from hyperion_exporter.config import Config, Plan, settings
from hyperion_exporter.guard import Guard
from hyperion_exporter.serving.server import Server

if TYPE_CHECKING:
    from hyperion_exporter.serving.gate import Gate

log = logging.getLogger(__name__)

FAMILIES = (
    gauge(
        "hyperion_exporter_config_last_reload_successful",
        "Whether the last reading of the configuration could be obeyed.",
    ),
    gauge(
        "hyperion_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read, since the epoch.",
    ),
)


class Reloads(Collector):
    """Beside the collectors that can be chosen: it tells of the choosing."""

    name = "config"
    help = "Whether the last reload could be obeyed."

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last = 1, clock()

    def note(self, success: bool) -> None:
        self._last = int(success), self._clock() if success else self._last[1]

    def collect(self) -> Iterable[Block]:
        return [one(FAMILIES, self._last)]


class Reloader:
    def __init__(
        self,
        config: Config,
        read: Callable[[Mapping[Plan, Collector]], Config],
        open_gate: "Callable[[Path | None], Gate | None]",
        guard: Guard,
        servers: Sequence[Server],
        reloads: Reloads,
    ) -> None:
        self._config = config
        self._read = read
        self._open_gate = open_gate
        self._guard = guard
        self.servers = servers
        self._reloads = reloads

    def reload(self) -> None:
        try:
            fresh = self._read(self._config.made)
            # A file that stays is looked at by its gate.
            moved = fresh.web_file != self._config.web_file
            gate = self._open_gate(fresh.web_file) if moved else None
        except settings.ConfigError as fault:
            log.error("not reloaded: %s; what was read before stays in force", fault)
            self._reloads.note(False)
            return
        logs.begin(fresh.log_level, fresh.log_format)
        self._guard.renew([*fresh.collectors, self._reloads])
        for server in self.servers:
            server.telemetry_path = fresh.telemetry_path
            server.gate = gate if moved else server.gate
        self._reloads.note(True)
        changed, self._config = _fixed(self._config, fresh), fresh
        # What went may hold itself, and with it sockets and files.
        gc.collect()
        log.info("reloaded: %d collectors", len(fresh.collectors))
        for setting in changed:
            log.warning("%s stays as it was: only a restart changes it", setting.key)


def _fixed(before: Config, now: Config) -> list[settings.Setting]:
    """The settings that differ but cannot change while we run."""
    return [
        setting
        for setting, was, wanted in (
            (settings.LISTEN, before.listen, now.listen),
            (settings.SOCKET, before.systemd_socket, now.systemd_socket),
            (settings.MAX_REQUESTS, before.max_requests, now.max_requests),
        )
        if was != wanted
    ]
