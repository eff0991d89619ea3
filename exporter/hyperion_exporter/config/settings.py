"""What can be set: each setting's name, kind and default, and what a text means for it."""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hyperion_exporter.collector import Collector
from hyperion_exporter.paths import Paths


class ConfigError(ValueError):
    """The configuration cannot be obeyed; the sentence names the place and the way out."""


class Said(NamedTuple):
    """A value, and the place where somebody gave it, in words."""

    place: str
    value: Any


@dataclass(frozen=True)
class Setting:
    """One thing to set: `key` is its path in the file, `flag` its flag without the dashes."""

    key: str
    flag: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        return "HYPERION_EXPORTER_" + re.sub("[.-]", "_", self.flag).upper()

    def said(self, place: str, value: Any) -> Said:
        """A value of the right type, checked for the rest."""
        if self.choices and value not in self.choices:
            raise ConfigError(f"{place}: write one of {', '.join(self.choices)}")
        if self.kind is int and value < 0:
            raise ConfigError(f"{place}: write a whole number from 0 on")
        return Said(place, value)

    def meant(self, place: str, text: str) -> Said:
        """The same out of text, as flags and environment give it."""
        if self.kind is bool and text not in ("true", "false"):
            raise ConfigError(f"{place}: write true or false")
        if self.kind is int and not text.isdecimal():
            raise ConfigError(f"{place}: write a whole number from 0 on")
        if self.kind is bool:
            return self.said(place, text == "true")
        if self.kind is Path:
            # node_exporter's way to say none.
            return self.said(place, Path(text) if text else self.default)
        return self.said(place, self.kind(text))


FILE = Setting("config.file", "config.file", Path, None, "settings, in YAML")
DEFAULTS_OFF = Setting(
    "collectors.disable_defaults", "collector.disable-defaults", bool, False,
    "start with every collector off that is not switched on",
)  # fmt: skip
LISTEN = Setting(
    "web.listen_address", "web.listen-address", tuple, (":9100",),
    "HOST:PORT to serve on; may be given more than once",
)  # fmt: skip
TELEMETRY = Setting(
    "web.telemetry_path", "web.telemetry-path", str, "/metrics", "where the metrics are"
)
WEB_FILE = Setting(
    "web.config_file", "web.config.file", Path, None,
    "TLS, users, headers and rate limit, as exporter-toolkit's web configuration has them; "
    "users and limit hold for every page, /healthz too; http2 has no effect",
)  # fmt: skip
MAX_REQUESTS = Setting(
    "web.max_requests", "web.max-requests", int, 40,
    "scrapes at once, more are refused with 503; 0 is no limit",
)  # fmt: skip
SOCKET = Setting(
    "web.systemd_socket", "web.systemd-socket", bool, False,
    "serve on the sockets that systemd hands over, not on web.listen-address",
)  # fmt: skip
LOG_LEVEL = Setting(
    "log.level", "log.level", str, "info", "the least grave of what is logged",
    ("debug", "info", "warn", "error"),
)  # fmt: skip
LOG_FORMAT = Setting(
    "log.format", "log.format", str, "logfmt", "how it is written", ("logfmt", "json")
)


def every(kinds: Iterable[type[Collector]]) -> list[Setting]:
    """All there is to set, but the file that sets it."""
    settings = [LISTEN, TELEMETRY, WEB_FILE, MAX_REQUESTS, SOCKET, LOG_LEVEL, LOG_FORMAT]
    settings += [*roots(), DEFAULTS_OFF]
    for kind in kinds:
        settings += [enabled(kind), *options(kind).values()]
    return settings


def roots() -> list[Setting]:
    """Of the machine that is read, in the order of Paths."""
    return [
        Setting(f"path.{name}", f"path.{name.replace('_', '.')}", Path, root, f"where {root} is")
        for name, root in dataclasses.asdict(Paths()).items()
    ]


def enabled(kind: type[Collector]) -> Setting:
    flag = f"collector.{kind.name}"
    return Setting(f"collectors.{kind.name}.enabled", flag, bool, kind.default, kind.help)


def options(kind: type[Collector]) -> dict[str, Setting]:
    """The settings of a collector by the names of its Options' fields."""
    found = {}
    for spec in dataclasses.fields(kind.options):
        flag = spec.metadata["flag"] or spec.name.replace("_", "-")
        # node_exporter has some flags under another name than their collector's.
        if not flag.startswith(("collector.", "web.")):
            flag = f"collector.{kind.name}.{flag}"
        key, default = f"collectors.{kind.name}.{spec.name}", spec.default
        found[spec.name] = Setting(key, flag, type(default), default, spec.metadata["help"])
    return found


def nearest(wrong: str, known: Sequence[str], otherwise: str) -> str:
    """The end of a sentence about a name that there is not."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else otherwise
