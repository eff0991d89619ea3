"""The command hyperion-control and its parts: init, serve, worker and those that look after it."""

import argparse
import os
import pkgutil
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import GEN_CLOSED, getgeneratorstate
from pathlib import Path
from typing import Any

from hyperion_control import notifying
from hyperion_control.domain import names
from hyperion_control.domain.journal import PRIORITIES
from hyperion_control.domain.units import VERBS
from hyperion_control.errors import Refused
from hyperion_control.settings import Settings

Lines = Generator[str, None, int | None]


@dataclass(frozen=True)
class Argument:
    flag: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """`run` is named and not imported: --help works without the libraries of the extra."""

    name: str
    run: str
    what: str
    arguments: tuple[Argument, ...] = ()
    remote: bool = False  # asks an API elsewhere, and needs none of the settings


def argument(flag: str, **options: Any) -> Argument:
    return Argument(flag, options)


def as_name(text: str) -> str:
    return _said(names.username, text)


def as_title(text: str) -> str:
    return _said(names.title, text)


FILE = argument("file", type=Path, metavar="FILE")
USER = argument("name", metavar="USER")
MACHINE = argument("machine", metavar="MACHINE", help="its name or id")
UNIT = argument("unit", metavar="UNIT", help="such as nginx or logrotate.timer")
JSON = argument("--json", action="store_true", help="for programs")
OTP = argument("--otp", default="", metavar="CODE", help="instead of being asked for it")
REASON = argument("--reason", metavar="TEXT")
DRY_RUN = argument("--dry-run", action="store_true", help="only tell what would be done")
ORGANISATION = argument("organisation", type=as_title, metavar="ORGANISATION")

COMMANDS = (
    Command(
        "init",
        "system:init",
        "Make the folder, the database and the first admin, or bring them up to this version;"
        " data is kept.",
        (
            argument("--admin", type=as_name, default="admin", metavar="NAME"),
            argument("--organisation", type=as_title, default="Home", metavar="NAME"),
            argument(
                "--stack",
                type=Path,
                metavar="FOLDER",
                help="also write here what Prometheus and Grafana start from under Compose",
            ),
            argument(
                "--replicas",
                type=int,
                choices=(1, 2),
                default=1,
                help="how many there are of each in that stack",
            ),
        ),
    ),
    Command(
        "serve",
        "staying:serve",
        "Answer requests until SIGTERM or Ctrl-C.",
        (argument("--listen", metavar="HOST:PORT", help="instead of HYPERION_LISTEN"),),
    ),
    Command(
        "worker",
        "staying:work",
        "Stay and do the chores, such as the heartbeat, until SIGTERM or Ctrl-C.",
    ),
    Command(
        "backup",
        "system:save",
        "Save the database in a file, while requests go on; not the secret key.",
        (FILE,),
    ),
    Command(
        "restore",
        "system:restore",
        "Bring back what backup saved.",
        (FILE, argument("--force", action="store_true", help="over a database that is there")),
    ),
    Command(
        "rotate-keys",
        "system:rotate_keys",
        "Seal every secret with a new key, while requests go on.",
        (
            argument(
                "--master-file",
                type=Path,
                metavar="FILE",
                help="instead, put the keys under the secret key in this file",
            ),
        ),
    ),
    Command("user list", "users:members", "The members of an organisation.", (ORGANISATION,)),
    Command(
        "user create",
        "users:create",
        "Make an account; prints the link by which its owner chooses a password.",
        (
            ORGANISATION,
            argument("name", type=as_name, metavar="USER"),
            argument("--role", choices=("observer", "operator", "admin"), default="observer"),
        ),
    ),
    Command("user disable", "users:disable", "Sign somebody out and keep them out.", (USER,)),
    Command("user enable", "users:enable", "Let somebody in again.", (USER,)),
    Command(
        "user reset-password",
        "users:reset_password",
        "Print a link by which somebody chooses a new password; codes are asked for as before.",
        (USER,),
    ),
    Command(
        "user reset-second-factor",
        "users:reset_second_factor",
        "For who has lost the telephone and all recovery codes.",
        (USER,),
    ),
    Command("audit verify", "audit:verify", "Name the first record that was changed, if any."),
    Command(
        "audit export",
        "audit:export",
        "Write all records to the standard output.",
        (
            argument("--format", choices=("ndjson", "csv", "syslog"), default="ndjson"),
            argument("--since", default="", metavar="DATE", help="such as 2026-11-21, in UTC"),
        ),
    ),
    Command(
        "audit archive",
        "audit:archive",
        "Move what is older than HYPERION_AUDIT_KEEP_DAYS into files, as the worker does.",
    ),
    Command(
        "run",
        "client:run",
        "Run a program on machines and show what it says; the exit status is the worst machine's.",
        (
            argument("--machines", required=True, metavar="SELECTOR", help="such as env=prod"),
            argument("argv", nargs="+", metavar="WORD", help="after --"),
            argument("--user", help="whom it runs as"),
            argument("--folder", help="where it runs"),
            argument("--timeout", type=int, metavar="SECONDS"),
            argument("--concurrency", type=int, metavar="NUMBER"),
            argument("--batch", metavar="SHARE", help="so many at a time: 5 or 10%%"),
            argument("--max-failures", metavar="SHARE", help="after more, the rest is skipped"),
            argument("--expected-targets", type=int, metavar="NUMBER"),
            *(REASON, DRY_RUN, OTP, JSON),
        ),
        remote=True,
    ),
    Command(
        "ps",
        "client:ps",
        "The processes of a machine.",
        (
            MACHINE,
            argument(
                "--sort", default="-cpu", metavar="FIELD", help="with - downwards: -rss_bytes"
            ),
            argument("--limit", type=int, default=30, metavar="NUMBER"),
            JSON,
        ),
        remote=True,
    ),
    Command(
        "service",
        "client:service",
        "Look at a service of a machine, or act on it; 0: done, 1: it failed, 3: not up yet.",
        (MACHINE, UNIT, argument("verb", choices=("status", *VERBS)), REASON, DRY_RUN, OTP, JSON),
        remote=True,
    ),
    Command(
        "logs",
        "client:logs",
        "The log of a service of a machine.",
        (
            *(MACHINE, UNIT),
            argument("--follow", action="store_true", help="go on until Ctrl-C"),
            argument("--lines", type=int, default=100, metavar="NUMBER"),
            argument("--priority", default="debug", choices=PRIORITIES),
            JSON,
        ),
        remote=True,
    ),
)
SUBJECTS = {"user": "Accounts, when nobody can sign in to look after them.", "audit": "The audit."}


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        world = os.environ if args.remote else Settings.from_env(os.environ)
        run: Callable[[object, argparse.Namespace], Lines]
        run = pkgutil.resolve_name(f"hyperion_control.commands.{args.run}")
        return _printed(run(world, args))
    except Refused as refusal:
        return _end(str(refusal))
    except OSError as fault:
        return _end(f"{fault.filename or 'the system'} refuses: {fault.strerror}")
    except ModuleNotFoundError as missing:
        return _end(f"{missing.name} is not installed: pip install 'hyperion[control]'")
    except KeyboardInterrupt:
        return 130  # as a shell has it


def _printed(lines: Lines) -> int:
    """What the command returned; one that returns nothing went well."""
    ask = partial(next, lines)
    while True:
        try:
            print(ask(), flush=True)
            ask = partial(next, lines)
        except StopIteration as end:
            return end.value or 0
        except KeyboardInterrupt as stop:
            if getgeneratorstate(lines) == GEN_CLOSED:
                raise
            # While a line was printed: who made it must know, or what it began goes on.
            ask = partial(lines.throw, stop)


def _end(sentence: str) -> int:
    print(f"hyperion-control: {sentence}", file=sys.stderr)
    return 1


def _said(read: Callable[[str], str], text: str) -> str:
    try:
        return read(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hyperion-control",
        description="The control API: acts on machines for people who may, and records it first.",
        epilog="Settings are environment variables: HYPERION_DATA (folder, var/control),"
        " HYPERION_DATABASE_URL (a SQLite file in that folder), HYPERION_LISTEN (127.0.0.1:8080),"
        " HYPERION_PUBLIC_URL (as browsers see us), HYPERION_SECRET_KEY_FILE (secret.key in that"
        " folder), HYPERION_TRUSTED_PROXIES (networks), HYPERION_CORS_ORIGINS,"
        " HYPERION_OPEN_REGISTRATION (no, yes), HYPERION_SECOND_FACTOR (actors, all),"
        " HYPERION_AUDIT_KEEP_DAYS (365), HYPERION_AUDIT_HEADS (a file), HYPERION_RUNBOOKS,"
        " HYPERION_PROMETHEUS_URL (http://127.0.0.1:9090),"
        " HYPERION_ALERTMANAGER_URL (http://127.0.0.1:9093), HYPERION_PROMETHEUS_TOKEN (a file that"
        " we write for Prometheus), HYPERION_VMAUTH_CONFIG (one for vmauth); for alerts and letters"
        f" {', '.join((*notifying.NAMES, *notifying.SECRETS))}."
        " A secret may be in a file: HYPERION_DATABASE_URL_FILE and so on."
        " run, ps, service and logs ask an API at HYPERION_URL (http://127.0.0.1:8080)"
        " with HYPERION_TOKEN or HYPERION_TOKEN_FILE.",
    )
    places = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    for subject, what in SUBJECTS.items():
        room = places[""].add_parser(subject, help=what, description=what)
        places[subject] = room.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        subject, _, name = command.name.rpartition(" ")
        sub = places[subject].add_parser(name, help=command.what, description=command.what)
        sub.set_defaults(run=command.run, remote=command.remote)
        for each in command.arguments:
            sub.add_argument(each.flag, **each.options)
    return parser
