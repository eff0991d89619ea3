"""The table of tasks: one machine's share of a command, claimed by one worker, ended once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from hyperion_control.domain.batches import Standing
from hyperion_control.domain.commands import OPEN_TASKS, TaskState
from hyperion_control.store.machines import machines
from hyperion_control.store.tables import UtcTime, catalogue

tasks = Table(
    "tasks",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("command_id", String(40), ForeignKey("commands.id"), nullable=False),
    Column("machine_id", String(40), ForeignKey("machines.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),  # in which order they are begun
    Column("state", String(20), nullable=False, index=True),
    Column(
        "reason", Text, nullable=False
    ),  # a sentence, where state, code and signal say too little
    Column("worker_id", String(40)),
    Column("lease_until", UtcTime),  # unless it is renewed, the worker is dead
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("code", Integer),
    Column("signal", String(20), nullable=False),
    Column("seconds", Float),
    Column("stdout_size", BigInteger, nullable=False),  # of the whole stream, kept or not
    Column("stderr_size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),  # of both streams; alike is alike
    Index("ix_tasks_command_id", "command_id", "place"),
)

COLUMNS = [column.name for column in tasks.c]


@dataclass(frozen=True)
class Task:
    id: str
    organisation_id: str
    command_id: str
    machine_id: str
    place: int
    state: TaskState = TaskState.QUEUED
    reason: str = ""
    worker_id: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    code: int | None = None
    signal: str = ""
    seconds: float | None = None
    stdout_size: int = 0
    stderr_size: int = 0
    digest: str = ""
    machine: str = ""  # its name

    @property
    def ended(self) -> bool:
        return self.state not in OPEN_TASKS


@dataclass(frozen=True)
class Result:
    """How a task ended."""

    state: TaskState
    reason: str = ""
    code: int | None = None
    signal: str = ""
    seconds: float | None = None
    stdout_size: int = 0
    stderr_size: int = 0
    digest: str = ""


def add(connection: Connection, added: Sequence[Task]) -> None:
    rows = [{name: getattr(task, name) for name in COLUMNS} for task in added]
    connection.execute(insert(tasks), rows)


def get(connection: Connection, task_id: str) -> Task | None:
    row = connection.execute(_named().where(tasks.c.id == task_id)).one_or_none()
    return _read(row) if row else None


def of_command(
    connection: Connection, command_id: str, after: int = -1, limit: int | None = None
) -> list[Task]:
    wanted = _named().where(tasks.c.command_id == command_id, tasks.c.place > after)
    return [_read(row) for row in connection.execute(wanted.order_by(tasks.c.place).limit(limit))]


def states(connection: Connection, command_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """By command, how many tasks are in each state."""
    found: dict[str, dict[str, int]] = {}
    wanted = select(tasks.c.command_id, tasks.c.state, func.count()).where(_among(command_ids))
    grouped = wanted.group_by(tasks.c.command_id, tasks.c.state).order_by(tasks.c.state)
    for command_id, state, many in connection.execute(grouped):
        found.setdefault(command_id, {})[state] = many
    return found


def firsts(connection: Connection, command_ids: Sequence[str]) -> dict[str, Task]:
    """By command, its first task."""
    wanted = _named().where(_among(command_ids), tasks.c.place == 0)
    return {row.command_id: _read(row) for row in connection.execute(wanted)}


def machines_of(connection: Connection, command_id: str) -> list[str]:
    wanted = select(tasks.c.machine_id).where(tasks.c.command_id == command_id)
    return list(connection.execute(wanted).scalars())


def standings(connection: Connection, command_id: str) -> list[Standing]:
    """What domain/batches decides by."""
    wanted = select(tasks.c.id, tasks.c.machine_id, tasks.c.state, tasks.c.ended_at)
    mine = wanted.where(tasks.c.command_id == command_id).order_by(tasks.c.place)
    return [
        Standing(row.id, row.machine_id, TaskState(row.state), row.ended_at)
        for row in connection.execute(mine)
    ]


def claim(
    connection: Connection, task_id: str, worker_id: str, until: datetime, now: datetime
) -> bool:
    """False when somebody else was faster."""
    free = tasks.c.id == task_id, tasks.c.state == TaskState.QUEUED
    claimed = (
        update(tasks)
        .where(*free)
        .values(state=TaskState.RUNNING, worker_id=worker_id, lease_until=until, started_at=now)
    )
    return connection.execute(claimed).rowcount == 1


def renew(connection: Connection, worker_id: str, until: datetime) -> None:
    """The lease of all that this worker runs."""
    mine = tasks.c.worker_id == worker_id, tasks.c.state.in_(OPEN_TASKS)
    connection.execute(update(tasks).where(*mine).values(lease_until=until))


def end(connection: Connection, task_id: str, result: Result, now: datetime) -> bool:
    """False when it has ended before: each task ends once."""
    still = tasks.c.id == task_id, tasks.c.state.in_(OPEN_TASKS)
    ended = update(tasks).where(*still).values(**vars(result), ended_at=now, lease_until=None)
    return connection.execute(ended).rowcount == 1


def end_queued(
    connection: Connection, command_id: str, state: TaskState, reason: str, now: datetime
) -> int:
    """All of a command that have not begun; returns how many."""
    waiting = tasks.c.command_id == command_id, tasks.c.state == TaskState.QUEUED
    ended = update(tasks).where(*waiting).values(state=state, reason=reason, ended_at=now)
    return connection.execute(ended).rowcount


def cancel(connection: Connection, command_id: str, now: datetime) -> None:
    """What has not begun is canceled, what runs will be by its worker."""
    end_queued(connection, command_id, TaskState.CANCELED, "", now)
    running = tasks.c.command_id == command_id, tasks.c.state == TaskState.RUNNING
    connection.execute(update(tasks).where(*running).values(state=TaskState.CANCELING))


def canceling(connection: Connection, worker_id: str) -> list[str]:
    """What this worker is to stop."""
    mine = tasks.c.worker_id == worker_id, tasks.c.state == TaskState.CANCELING
    return list(connection.execute(select(tasks.c.id).where(*mine)).scalars())


def abandoned(connection: Connection, now: datetime) -> list[Task]:
    """Claimed by workers that did not renew their lease."""
    left = tasks.c.state.in_(OPEN_TASKS), tasks.c.lease_until < now
    return [_read(row) for row in connection.execute(_named().where(*left))]


def forget(connection: Connection, command_ids: Sequence[str]) -> None:
    connection.execute(delete(tasks).where(_among(command_ids)))


def _among(command_ids: Sequence[str]) -> ColumnElement[bool]:
    return tasks.c.command_id.in_(command_ids)


def _named() -> Select[Any]:
    named = select(tasks, machines.c.name.label("machine"))
    return named.join(machines, machines.c.id == tasks.c.machine_id)


def _read(row: Row[Any]) -> Task:
    return Task(**{**row._mapping, "state": TaskState(row.state)})
