"""The command line: what it says of which settings, and what it asks to be done."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from hyperion_exporter import __version__
from hyperion_exporter.config.settings import ConfigError, Said, Setting, nearest

# Each is done instead of serving.
COMMANDS = {
    "once": "print the metrics once and exit",
    "dry-run": "print what each collector costs and gives, and exit",
    "collector.list": "print the collectors and exit",
    "config.check": "say whether flags, environment and files can be obeyed, and exit",
    "config.example": "print a configuration file of every setting's default, and exit",
}
# Flags of node_exporter's that people have in their units and that change nothing here.
WITHOUT_EFFECT = (
    "collector.arp.netlink",
    "collector.filesystem.mount-timeout",
    "collector.filesystem.stat-workers",
    "collector.netclass.netlink",
    "collector.netdev.netlink",
    "collector.systemd.private",
    "no-collector.arp.netlink",
    "no-collector.netclass.netlink",
    "no-collector.netdev.netlink",
    "runtime.gomaxprocs",
)
# Older spellings of node_exporter's that it still takes, because old units have them.
OLD = {
    "collector.diskstats.device-exclude": "collector.diskstats.ignored-devices",
    "collector.filesystem.fs-types-exclude": "collector.filesystem.ignored-fs-types",
    "collector.filesystem.mount-points-exclude": "collector.filesystem.ignored-mount-points",
}
# Its collectors that we have not; to switch one off is no mistake.
NOT_HERE = (
    "bcache", "bcachefs", "drbd", "drm", "ethtool", "ipvs", "lnstat", "network_route", "ntp",
    "pcidevice", "perf", "qdisc", "runit", "selinux", "supervisord", "swap", "sysctl", "tapestats",
    "wifi", "xfrm",
)  # fmt: skip
EPILOG = (
    "Every setting is also a variable (HYPERION_EXPORTER_WEB_LISTEN_ADDRESS; lists with commas) "
    "and a key of the file. A flag comes before the environment, that before the file. "
    "SIGHUP reads the file anew."
)


@dataclass(frozen=True)
class Flags:
    said: Mapping[str, Said]
    command: str
    without_effect: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(message.removeprefix("argument "))

    def refuse(self, unknown: str) -> NoReturn:
        flag = unknown.split("=")[0]
        known = [
            name
            for name, action in self._option_string_actions.items()
            if name.startswith("--") and action.help != argparse.SUPPRESS
        ]
        hint = nearest(flag, known, "--help lists what there is")
        raise ConfigError(f"unknown flag {flag}; {hint}")


def read(argv: Sequence[str], settings: Sequence[Setting]) -> Flags:
    parser = _parser(settings)
    found, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.refuse(unknown[0])
    given = vars(found)
    return Flags(
        {setting.key: said for setting in settings for said in _said(setting, given)},
        given.get("command", "serve"),
        tuple(flag for flag in given if flag.startswith("--")),
    )


def _parser(settings: Sequence[Setting]) -> _Parser:
    parser = _Parser(
        prog="hyperion-exporter",
        usage="%(prog)s [flags]",
        description="Serves the metrics of this machine in node_exporter's names.",
        epilog=EPILOG,
        allow_abbrev=False,
        # What nobody gave is absent, so that the environment and the file may say it.
        argument_default=argparse.SUPPRESS,
    )
    shown = f"%(prog)s, version {__version__}"
    parser.add_argument("--version", action="version", version=shown, help="print it and exit")
    for name, help in COMMANDS.items():
        parser.add_argument(
            f"--{name}", dest="command", action="store_const", const=name, help=help
        )
    for setting in settings:
        _add(parser, setting)
    for flag in WITHOUT_EFFECT:
        parser.add_argument(f"--{flag}", dest=f"--{flag}", nargs="?", help=argparse.SUPPRESS)
    for name in NOT_HERE:
        flag = f"--no-collector.{name}"
        parser.add_argument(flag, dest=flag, action="store_true", help=argparse.SUPPRESS)
    return parser


def _add(parser: _Parser, setting: Setting) -> None:
    ways: dict[str, Any] = {"dest": setting.key}
    ways["help"] = f"{setting.help} (default {_shown(setting.default)})".replace("%", "%%")
    if setting.kind is bool:
        ways["action"] = argparse.BooleanOptionalAction
    elif setting.kind is tuple:
        ways |= {"action": "append", "metavar": "VALUE"}
    else:
        ways["metavar"] = "|".join(setting.choices) or setting.kind.__name__.upper()
    names = [setting.flag, *([OLD[setting.flag]] if setting.flag in OLD else [])]
    parser.add_argument(*(f"--{name}" for name in names), **ways)


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, tuple):
        return ", ".join(default) or "none"
    if isinstance(default, str):
        return repr(default)
    return "none" if default is None else str(default)


def _said(setting: Setting, given: Mapping[str, Any]) -> Iterator[Said]:
    if setting.key not in given:
        return
    place, value = f"--{setting.flag}", given[setting.key]
    if isinstance(value, list):
        yield setting.said(place, tuple(value))
    elif isinstance(value, bool):
        yield setting.said(place, value)
    else:
        yield setting.meant(place, value)
