"""The command hyperion: `hyperion up` runs the whole system on this machine."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperion_control.errors import StartRefused
from hyperion_control.up import system
from hyperion_control.up.plan import Ports


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        system.stop_on_signals()
        ports = Ports(**{name: getattr(arguments, f"{name}_port") for name in Ports().named()})
        system.run(system.settings(arguments.var, ports), say)
    except KeyboardInterrupt:
        say("\nall stopped")
        return 0
    except StartRefused as refusal:
        return _refuse(str(refusal))
    except OSError as fault:
        return _refuse(f"{fault.filename or 'the system'} refuses: {fault.strerror}")
    return 0


def say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:
        # Who read it is gone: a closed terminal or pipe is no reason to leave programs behind.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(sentence: str) -> int:
    print(f"hyperion up: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hyperion", description="Hyperion on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up",
        help="run the whole system on loopback until Ctrl-C",
        description="Run exporter, control API, worker, Prometheus and Alertmanager, and Grafana"
        " where it is installed, on loopback until Ctrl-C. A second run keeps the data.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    up.add_argument(
        "--var", type=Path, metavar="DIR", help="data and logs; by default the checkout's var"
    )
    for name, port in Ports().named().items():
        up.add_argument(f"--{name}-port", type=_port, default=port, metavar="N", help=f"of {name}")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 1 to 65535")
    return int(text)
