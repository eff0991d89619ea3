"""A command's way into the database and, step by step, to its end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import commands as rules
from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.batches import Width
from hyperion_control.domain.commands import CommandState, TaskState
from hyperion_control.domain.orders import Order
from hyperion_control.store import commands, tasks
from hyperion_control.store.commands import Command
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases.parts import Parts

STDIN_CONTEXT = "commands.stdin"
# What the worker waits for: there may be something to claim.
TASKS = "tasks"
ALL_AT_ONCE = Width()


def draft(
    parts: Parts,
    actor: Actor,
    kind: str,
    order: Order,
    machine_ids: Sequence[str],
    lasts: timedelta,
    width: Width = ALL_AT_ONCE,
    **more: Any,
) -> Command:
    """Not written yet: sealing looks for its key in the database, so before the transaction."""
    command_id, now, sealed = ids.new("cmd"), parts.clock(), None
    if order.stdin:
        sealed = parts.sealer.seal(order.stdin, f"{STDIN_CONTEXT}:{command_id}")
    return Command(
        id=command_id,
        organisation_id=actor.organisation_id or "",
        kind=kind,
        user_id=actor.user_id,
        via=actor.via,
        address=actor.origin.address,
        user_agent=actor.origin.user_agent,
        request_id=actor.origin.request_id,
        order=rules.written(order),
        stdin=sealed,
        targets=len(machine_ids),
        hash=rules.digest(order, machine_ids, vars(width)),
        created_at=now,
        expires_at=now + lasts,
        **vars(width),
        **more,
    )


def write(connection: Connection, command: Command, machine_ids: Sequence[str]) -> list[Task]:
    made = [
        Task(ids.new("tsk"), command.organisation_id, command.id, machine_id, place)
        for place, machine_id in enumerate(machine_ids)
    ]
    commands.add(connection, command)
    tasks.add(connection, made)
    return made


def order_of(parts: Parts, command: Command) -> Order:
    stdin = b""
    if command.stdin is not None:
        stdin = parts.sealer.open(command.stdin, f"{STDIN_CONTEXT}:{command.id}")
    return rules.read(command.order, stdin)


def asker_of(command: Command) -> Actor:
    """Who asked for it, for the record of what a worker does in their name."""
    by_token = command.via.startswith("tok_")
    return Actor(
        Origin(command.address, command.request_id, command.user_agent),
        user_id=command.user_id,
        organisation_id=command.organisation_id,
        login_id="" if by_token else command.via,
        token_id=command.via if by_token else "",
    )


def width_of(command: Command) -> Width:
    return Width(**{name: getattr(command, name) for name in vars(Width())})


def claim(
    connection: Connection, task: Task, worker_id: str, until: datetime, now: datetime
) -> bool:
    """False when it is not waiting any more; the command runs with the first of its tasks."""
    if not tasks.claim(connection, task.id, worker_id, until, now):
        return False
    waiting = (CommandState.QUEUED,)
    commands.move(connection, task.command_id, CommandState.RUNNING, now, only_from=waiting)
    return True


def end(connection: Connection, task: Task, result: Result, now: datetime) -> bool:
    """False when it had ended before; the command ends with the last of its tasks."""
    commands.hold(connection, task.command_id)
    ended = tasks.end(connection, task.id, result, now)
    settle(connection, task.command_id, now)
    return ended


def end_waiting(
    connection: Connection, command_id: str, state: TaskState, reason: str, now: datetime
) -> None:
    """All that has not begun: skipped, expired or canceled."""
    commands.hold(connection, command_id)
    tasks.end_queued(connection, command_id, state, reason, now)
    settle(connection, command_id, now)


def cancel(connection: Connection, command_id: str, user_id: str, now: datetime) -> None:
    """What has not begun is canceled, what runs is told to its worker."""
    commands.hold(connection, command_id)
    if commands.cancel(connection, command_id, user_id):
        tasks.cancel(connection, command_id, now)
        settle(connection, command_id, now)


def settle(connection: Connection, command_id: str, now: datetime) -> None:
    """To be called by who holds the command."""
    standings = tasks.standings(connection, command_id)
    state = rules.verdict(standing.state for standing in standings)
    if state is not None:
        commands.move(connection, command_id, state, now)


def ring(parts: Parts, command_id: str, task_ids: Sequence[str] = ()) -> None:
    """Wakes who waits for them; after the transaction, since they look at once."""
    for topic in (command_id, *task_ids):
        parts.bell.ring(topic)
