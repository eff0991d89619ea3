"""One order on one machine: begun here, run by a worker, its outcome read by whoever asked."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.orders import Order
from hyperion_control.errors import NotFound
from hyperion_control.store import commands, outputs, tasks
from hyperion_control.store.commands import Command
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tasks import Task
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import issuing, reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# Who asks for a single act waits for it; nobody wants it much later.
BEGIN_WITHIN = timedelta(minutes=1)
LOOKS_KEPT = timedelta(minutes=10)
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Act:
    kind: str  # subject:verb, such as processes:list
    order: Order
    passing: bool = False  # a look: in no list of commands, and soon forgotten
    action: Action | None = None  # recorded before it is begun; None: a look
    target: str = ""  # of the record; empty: the machine
    detail: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    task_id: str
    state: TaskState
    code: int | None = None
    signal: str = ""
    seconds: float | None = None
    stdout: Excerpt = Excerpt()
    stderr: Excerpt = Excerpt()
    reason: str = ""


def begin(parts: Parts, actor: Actor, machine_id: str, act: Act) -> str:
    """Returns the id of the task, by which its outcome is asked for."""
    with parts.database.reading(actor.organisation_id) as connection:
        reach.living(connection, actor, machine_id)
    command = issuing.draft(
        parts,
        actor,
        act.kind,
        act.order,
        [machine_id],
        BEGIN_WITHIN,
        passing=act.passing,
        reason=act.reason,
    )
    with (
        _recorded(parts, actor, machine_id, act, command),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        [task] = issuing.write(connection, command, [machine_id])
    parts.bell.ring(issuing.TASKS)
    parts.bell.ring(machine_id)  # its agent, if it has one
    return task.id


def outcome(parts: Parts, actor: Actor, task_id: str) -> Outcome | None:
    """None while it has not ended."""
    with parts.database.reading(actor.organisation_id) as connection:
        task = tasks.get(connection, task_id)
        if task is None or task.organisation_id != actor.organisation_id:
            raise NotFound("there is no such task")
        reach.known(connection, actor, task.machine_id)
        return _read(connection, task) if task.ended else None


def forget_looks(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    before = parts.clock() - LOOKS_KEPT
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        over = commands.passed(connection, before, MOST_AT_ONCE)
        for table in (outputs, tasks, commands):
            table.forget(connection, over)


def _recorded(
    parts: Parts, actor: Actor, machine_id: str, act: Act, command: Command
) -> AbstractContextManager[object]:
    if act.action is None:
        return nullcontext()
    detail = {"command": command.id, **act.detail}
    return parts.audit.acting(Entry(actor, act.action, act.target or machine_id, detail))


def _read(connection: Connection, task: Task) -> Outcome:
    command = commands.get(connection, task.command_id)
    tail = command.order["tail"] if command else 0
    sizes = {"stdout": task.stdout_size, "stderr": task.stderr_size}
    kept = {
        stream: outputs.excerpt(connection, task.id, stream, size, tail)
        for stream, size in sizes.items()
    }
    return Outcome(
        task.id, task.state, task.code, task.signal, task.seconds, reason=task.reason, **kept
    )
