"""The command hyperion-control: init, serve, worker."""

import argparse
import os
import sys
from collections.abc import Sequence

from hyperion_control.errors import Refused, StartRefused
from hyperion_control.settings import Address, Settings

# The commands import what they need themselves: --help, and the sentence for a missing library,
# must work without the extra `control`.


def init(settings: Settings, _args: argparse.Namespace) -> None:
    from hyperion_control.store import migrate
    from hyperion_control.store.database import Database

    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StartRefused(
            f"cannot make the folder {settings.data}: {fault.strerror};"
            " set HYPERION_DATA to one that can be written"
        ) from None
    database = Database(settings.database_url)
    migrate.migrate(database)
    database.close()
    print(f"The database is ready: {database}")


def serve(settings: Settings, args: argparse.Namespace) -> None:
    from hyperion_control import logs
    from hyperion_control import serve as server
    from hyperion_control.store import migrate
    from hyperion_control.store.database import Database

    address = Address.parse(args.listen, "--listen") if args.listen else settings.listen
    database = Database(settings.database_url)
    migrate.refuse_unless_current(database)
    database.close()
    logs.to_stderr()
    server.serve(address)


def worker(settings: Settings, _args: argparse.Namespace) -> None:
    from hyperion_control import logs
    from hyperion_control import worker as resident
    from hyperion_control.store import migrate
    from hyperion_control.usecases.parts import Parts

    parts = Parts.build(settings)
    migrate.refuse_unless_current(parts.database)
    logs.to_stderr()
    resident.run(parts)


COMMANDS = {
    init: "Make the folder and the database, or bring them up to this version; data is kept.",
    serve: "Answer requests until SIGTERM or Ctrl-C.",
    worker: "Stay and do the chores, such as the heartbeat, until SIGTERM or Ctrl-C.",
}


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        args.command(Settings.from_env(os.environ), args)
    except Refused as refusal:
        return _end(str(refusal))
    except OSError as fault:
        return _end(f"{fault.filename or 'the system'} refuses: {fault.strerror}")
    except ModuleNotFoundError as missing:
        return _end(f"{missing.name} is not installed: pip install 'hyperion[control]'")
    return 0


def _end(sentence: str) -> int:
    print(f"hyperion-control: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hyperion-control",
        description="The control API: acts on machines for people who may, and records it first.",
        epilog="Settings are environment variables: HYPERION_DATA (folder, var/control),"
        " HYPERION_DATABASE_URL (a SQLite file in that folder), HYPERION_LISTEN (127.0.0.1:8080),"
        " HYPERION_RUNBOOKS (folder of the pages that alerts link to).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, what in COMMANDS.items():
        sub = commands.add_parser(command.__name__, help=what, description=what)
        sub.set_defaults(command=command)
        if command is serve:
            sub.add_argument("--listen", metavar="HOST:PORT", help="instead of HYPERION_LISTEN")
    return parser
