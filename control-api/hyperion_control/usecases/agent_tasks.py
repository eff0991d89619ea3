"""What agents fetch: tasks that wait for their machine, told of as they run, ended once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import batches
from hyperion_control.domain.actors import Origin
from hyperion_control.domain.commands import CommandState, TaskState
from hyperion_control.domain.orders import Order
from hyperion_control.errors import Conflict, NotFound
from hyperion_control.runners.base import End
from hyperion_control.store import commands, outputs, queues, tasks
from hyperion_control.store.agents import Agent
from hyperion_control.store.commands import Command
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tasks import Result, Task
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import askers, issuing, updates
from hyperion_control.usecases.carrying import STATES
from hyperion_control.usecases.dispatch import UNASKED
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# Longer than a worker's: an agent that dies tells so itself when it starts again, and one that
# only cannot reach us for a while still tells how its tasks ended.
LEASE = timedelta(minutes=5)
WAITING = (CommandState.QUEUED, CommandState.RUNNING)
NOT_YOURS = "there is no such task for this machine"


@dataclass(frozen=True)
class News:
    waiting: Sequence[str] = ()  # tasks to begin
    cancel: Sequence[str] = ()  # tasks to stop
    update: str = ""  # a task as well, of hyperion-update


@dataclass(frozen=True)
class Piece:
    stream: str
    offset: int
    data: bytes


def news(parts: Parts, agent: Agent, told: Sequence[str], known: str | None = None) -> News | None:
    """`told` are the tasks that the agent is stopping already, `known` is the update that it knows,
    None where it takes none. None is returned when nothing is new."""
    now = parts.clock()
    with parts.database.glancing() as connection:
        if not queues.any_open(connection, agent.machine_id):
            return None
        waiting, update = _next(connection, agent, now)
        canceling = tasks.canceling(connection, agent.id)
    cancel = [each for each in canceling if each not in told and each != update]
    found = News(waiting, cancel, "" if known in (None, update) else update)
    return found if any(vars(found).values()) else None


def renew(parts: Parts, agent: Agent) -> None:
    """The agent lives, and with it all that it runs."""
    with parts.database.glancing() as connection:
        running = queues.begun(connection, agent.id)
    if running:
        with parts.database.writing(agent.organisation_id, durable=False) as connection:
            tasks.renew(connection, agent.id, parts.clock() + LEASE)


def knock(parts: Parts, _worker: Worker) -> None:
    """A chore: what has come due by time, or whose ring was lost. Agents that wait do not look."""
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        expected = queues.expected(connection)
    for machine_id in expected:
        parts.bell.ring(machine_id)


def begin(parts: Parts, origin: Origin, agent: Agent, task_id: str) -> Order:
    """What it is to run; asked again it answers the same, since an answer can be lost."""
    now = parts.clock()
    # As in usecases/dispatch: two who counted at once would go wider than the command may.
    with parts.database.writing(EVERY_ORGANISATION, alone="claims") as connection:
        task = _mine(connection, agent, task_id)
        command = _command(connection, task)
        begun = task.worker_id == agent.id and not task.ended
        if not begun and not askers.may_still(connection, command):
            issuing.end_waiting(connection, command.id, TaskState.CANCELED, UNASKED, now)
        elif not begun:
            waiting, update = _next(connection, agent, now)
            may_begin = task_id in (*waiting, update)
            begun = may_begin and issuing.claim(connection, task, agent.id, now + LEASE, now)
    issuing.ring(parts, command.id, [task_id])
    if not begun:
        raise Conflict("this task is not to be begun any more", code="not-waiting")
    order = issuing.order_of(parts, command)
    _note(parts, origin, agent, command, {"step": "begin"})
    return order


def say(parts: Parts, agent: Agent, task_id: str, pieces: Sequence[Piece]) -> None:
    """What is here already is not kept again; a gap says that its middle was let go."""
    with parts.database.writing(agent.organisation_id) as connection:
        task = _mine(connection, agent, task_id)
        commands.hold(connection, task.command_id)
        # Again, now that nobody else tells of it.
        task = _running(connection, agent, task_id)
        kept = _command(connection, task).order
        sizes = {"stdout": task.stdout_size, "stderr": task.stderr_size}
        for piece in pieces:
            known = max(0, sizes[piece.stream] - piece.offset)
            if data := piece.data[known:]:
                what = task, piece.stream, piece.offset + known, data
                outputs.append(connection, *what, kept["head"], kept["tail"])
                sizes[piece.stream] = piece.offset + known + len(data)
                queues.move_on(connection, task.id, piece.stream, sizes[piece.stream])
        tasks.renew(connection, agent.id, parts.clock() + LEASE)
    issuing.ring(parts, task.command_id, [task.id])


def end(parts: Parts, origin: Origin, agent: Agent, task_id: str, how: End, result: Result) -> None:
    """Asked again, or of a task that was given up meanwhile, it changes nothing."""
    state = STATES.get(how, TaskState.FAILED)
    if how is End.EXITED and result.code == 0:
        state = TaskState.SUCCEEDED
    told = Result(**{**vars(result), "state": state})
    with parts.database.writing(agent.organisation_id) as connection:
        task = _mine(connection, agent, task_id)
        command = _command(connection, task)
        if task.worker_id != agent.id:
            raise NotFound(NOT_YOURS)
        ended = issuing.end(connection, task, told, parts.clock())
    if ended:
        _note(parts, origin, agent, command, {"step": "end", "state": str(state)})
    issuing.ring(parts, task.command_id, [task.id])
    parts.bell.ring(issuing.TASKS)


def _next(connection: Connection, agent: Agent, now: datetime) -> tuple[list[str], str]:
    """The tasks that may be begun now, and the update: it ends all that runs, so it runs alone."""
    begun = queues.begun(connection, agent.id)
    for task_id, kind in begun:
        if kind == updates.KIND:
            return [], task_id
    due = list(_due(connection, agent, now))
    alone = [task_id for task_id, kind in due if kind == updates.KIND and not begun]
    return [task_id for task_id, kind in due if kind != updates.KIND], next(iter(alone), "")


def _due(connection: Connection, agent: Agent, now: datetime) -> Iterator[tuple[str, str]]:
    """Task and kind of what waits and is not held back by its command."""
    for task_id, command_id in queues.waiting(connection, agent.machine_id):
        command = commands.get(connection, command_id)
        if command is None or command.state not in WAITING or command.expires_at <= now:
            continue
        if command.not_before and command.not_before > now:
            continue
        standings = tasks.standings(connection, command_id)
        turn = batches.turn(issuing.width_of(command), standings, now)
        if not turn.stop and any(each.task_id == task_id for each in turn.begin):
            yield task_id, command.kind


def _mine(connection: Connection, agent: Agent, task_id: str) -> Task:
    task = tasks.get(connection, task_id)
    if task is None or task.machine_id != agent.machine_id:
        raise NotFound(NOT_YOURS)
    return task


def _running(connection: Connection, agent: Agent, task_id: str) -> Task:
    task = _mine(connection, agent, task_id)
    if task.worker_id != agent.id or task.ended:
        raise Conflict("this task has ended: nothing more is kept of it", code="task-ended")
    return task


def _command(connection: Connection, task: Task) -> Command:
    command = commands.get(connection, task.command_id)
    assert command is not None  # noqa: S101  a foreign key says so
    return command


def _note(
    parts: Parts, origin: Origin, agent: Agent, command: Command, detail: dict[str, str]
) -> None:
    """In the name of who asked for it; looks leave no record."""
    if not command.passing:
        what = {"command": command.id, "kind": command.kind, "agent": agent.id, **detail}
        parts.audit.note(Entry(issuing.asker_of(command), "task:run", agent.machine_id, what))
