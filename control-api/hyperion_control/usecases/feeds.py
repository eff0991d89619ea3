"""What a command says, as it comes: by place in one stream, or piece by piece in their order."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.commands import OPEN_COMMANDS
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.errors import Invalid, NotFound
from hyperion_control.store import outputs, tasks
from hyperion_control.store.outputs import Piece
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import commands
from hyperion_control.usecases.parts import Parts

PIECES = 16


@dataclass(frozen=True)
class Feed:
    """What a command says, all of it or of one machine; in one stream or, when empty, in both."""

    command_id: str
    stream: str
    names: Mapping[str, str]  # of the machines, by task
    narrowed: bool  # to one machine

    @property
    def task_id(self) -> str:
        """Of the only task."""
        if len(self.names) > 1:
            said = "name one machine, or ask for text/plain to get what all of them say"
            raise Invalid(said, errors=[{"pointer": "/machine", "detail": "this field is needed"}])
        return next(iter(self.names))


@dataclass(frozen=True)
class Chunk:
    task: Task
    offset: int  # later than was asked for where the bytes between are not kept
    data: bytes
    completed: bool  # nothing will follow


@dataclass(frozen=True)
class Alike:
    """Tasks that ended alike and said the same."""

    tasks: list[Task]
    stdout: Excerpt
    stderr: Excerpt


def feed(parts: Parts, actor: Actor, command_id: str, machine: str, stream: str) -> Feed:
    """`machine` is a name, an id or, when empty, all of them."""
    with parts.database.reading(actor.organisation_id) as connection:
        commands.known(connection, actor, command_id)
        found = tasks.of_command(connection, command_id)
    names = {
        task.id: task.machine for task in found if machine in ("", task.machine, task.machine_id)
    }
    if not names:
        raise NotFound("this machine is not among those of the command")
    return Feed(command_id, stream, names, narrowed=bool(machine))


def chunk(parts: Parts, actor: Actor, feed: Feed, offset: int, limit: int) -> Chunk:
    stream = feed.stream or "stdout"
    with parts.database.reading(actor.organisation_id) as connection:
        commands.known(connection, actor, feed.command_id)
        # Before its output: what has ended by now has said all that is there.
        task = _task(connection, feed.task_id)
        start, data = outputs.read(connection, task.id, stream, offset, limit)
        more = outputs.goes_on(connection, task.id, stream, start + len(data))
    return Chunk(task, start, data, task.ended and not more)


def pieces(parts: Parts, actor: Actor, feed: Feed, after: int) -> list[Piece] | None:
    """Those behind the piece of that number; None when none will follow."""
    with parts.database.reading(actor.organisation_id) as connection:
        command = commands.known(connection, actor, feed.command_id)
        only = feed.task_id if feed.narrowed else ""
        ended = command.state not in OPEN_COMMANDS or bool(only) and _task(connection, only).ended
        found = outputs.after_number(connection, command.id, after, only, feed.stream, PIECES)
    return None if ended and not found else found


def ends(parts: Parts, actor: Actor, feed: Feed) -> list[Task]:
    """The tasks as they ended."""
    with parts.database.reading(actor.organisation_id) as connection:
        found = tasks.of_command(connection, feed.command_id)
    return [task for task in found if task.id in feed.names]


def alike(parts: Parts, actor: Actor, command_id: str) -> list[Alike]:
    """Of what has ended; the largest group first."""
    groups: dict[tuple[object, ...], list[Task]] = {}
    with parts.database.reading(actor.organisation_id) as connection:
        tail = commands.known(connection, actor, command_id).order["tail"]
        for task in tasks.of_command(connection, command_id):
            if task.ended:
                how = task.state, task.code, task.signal, task.reason, task.digest
                groups.setdefault(how, []).append(task)
        largest = sorted(groups.values(), key=len, reverse=True)
        return [Alike(group, *_said(connection, group[0], tail)) for group in largest]


def _said(connection: Connection, task: Task, tail: int) -> tuple[Excerpt, Excerpt]:
    return (
        outputs.excerpt(connection, task.id, "stdout", task.stdout_size, tail),
        outputs.excerpt(connection, task.id, "stderr", task.stderr_size, tail),
    )


def _task(connection: Connection, task_id: str) -> Task:
    found = tasks.get(connection, task_id)
    if found is None:
        raise NotFound("there is no such task")
    return found
