"""Flags into what runs: which collectors, with which options, reading from where."""

import argparse
import dataclasses
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hyperion_exporter.collector import Collector
from hyperion_exporter.paths import Paths


@dataclass(frozen=True)
class Config:
    listen: tuple[str, ...]
    telemetry_path: str
    collectors: tuple[Collector, ...]
    kinds: tuple[type[Collector], ...]
    listing: bool = False
    once: bool = False
    dry_run: bool = False


class _Parser(argparse.ArgumentParser):
    """Ends with one sentence; a mistyped flag is answered with the nearest right one."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")

    def refuse(self, unknown: str) -> NoReturn:
        flag = unknown.split("=")[0]
        known = [name for name in self._option_string_actions if name.startswith("--")]
        near = difflib.get_close_matches(flag, known, n=1, cutoff=0.6)
        hint = f"; did you mean {near[0]}?" if near else "; --help lists what there is"
        self.error(f"unknown flag {flag}{hint}")


def read(argv: Sequence[str], kinds: Sequence[type[Collector]]) -> Config:
    parser = _parser(kinds)
    flags, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.refuse(unknown[0])
    values = vars(flags)
    paths = Paths(flags.procfs, flags.sysfs, flags.rootfs, flags.udev_data)
    collectors = []
    for kind in kinds:
        chosen = values[kind.name]
        if kind.default and not flags.disable_defaults if chosen is None else chosen:
            collectors.append(kind(paths, _options(parser, kind, values)))
    return Config(
        listen=tuple(flags.listen or (":9100",)),
        telemetry_path=flags.telemetry_path,
        collectors=tuple(collectors),
        kinds=tuple(kinds),
        listing=flags.listing,
        once=flags.once,
        dry_run=flags.dry_run,
    )


def _parser(kinds: Sequence[type[Collector]]) -> _Parser:
    parser = _Parser(
        prog="hyperion-exporter",
        description="Serves the metrics of this machine in node_exporter's names.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--web.listen-address", dest="listen", action="append", metavar="HOST:PORT",
        help="where to serve; may be given more than once (default :9100)")  # fmt: skip
    add("--web.telemetry-path", dest="telemetry_path", default="/metrics", metavar="PATH",
        help="where the metrics are (default /metrics)")  # fmt: skip
    for flag, default in dataclasses.asdict(Paths()).items():
        add(f"--path.{flag.replace('_', '.')}", dest=flag, type=Path, default=default,
            metavar="DIR", help=f"default {default}")  # fmt: skip
    add("--once", action="store_true", help="print the metrics once and exit")
    add("--dry-run", action="store_true", help="print what each collector costs and gives")
    add("--collector.list", dest="listing", action="store_true", help="print the collectors")
    add("--collector.disable-defaults", dest="disable_defaults", action="store_true",
        help="start with every collector off")  # fmt: skip
    for kind in kinds:
        _add_collector(parser, kind)
    return parser


def _add_collector(parser: _Parser, kind: type[Collector]) -> None:
    flag = f"collector.{kind.name}"
    state = "on" if kind.default else "off"
    parser.add_argument(f"--{flag}", dest=kind.name, action="store_true", default=None,
                        help=f"{kind.help} (default {state})")  # fmt: skip
    parser.add_argument(f"--no-{flag}", dest=kind.name, action="store_false", default=None,
                        help=argparse.SUPPRESS)  # fmt: skip
    for spec in dataclasses.fields(kind.options):
        name = f"{flag}.{spec.metadata['flag'] or spec.name.replace('_', '-')}"
        dest = f"{kind.name}.{spec.name}"
        shown = f"{spec.metadata['help']} (default {spec.default!r})".replace("%", "%%")
        if isinstance(spec.default, bool):
            parser.add_argument(f"--{name}", dest=dest, action="store_true",
                                default=spec.default, help=shown)  # fmt: skip
            parser.add_argument(f"--no-{name}", dest=dest, action="store_false",
                                help=argparse.SUPPRESS)  # fmt: skip
        else:
            parser.add_argument(f"--{name}", dest=dest, type=type(spec.default),
                                default=spec.default, metavar="VALUE", help=shown)  # fmt: skip


def _options(parser: _Parser, kind: type[Collector], values: dict[str, Any]) -> Any:
    fields = dataclasses.fields(kind.options)
    chosen = {spec.name: values[f"{kind.name}.{spec.name}"] for spec in fields}
    try:
        return kind.options(**chosen)
    except re.error as fault:
        parser.error(f"--collector.{kind.name}: not a regular expression: {fault}")
