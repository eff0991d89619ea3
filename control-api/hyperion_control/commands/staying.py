"""The commands that stay until they are told to end; the others need not load what these do."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing

from hyperion_control import logs, worker
from hyperion_control import serve as server
from hyperion_control.commands.ready import ready_parts
from hyperion_control.settings import Address, Settings


def serve(settings: Settings, args: Namespace) -> Iterator[str]:
    address = Address.parse(args.listen, "--listen") if args.listen else settings.listen
    with closing(ready_parts(settings)):
        pass
    logs.to_stderr()
    server.serve(address)
    yield from ()


def work(settings: Settings, _args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        logs.to_stderr()
        worker.run(parts)
    yield from ()
