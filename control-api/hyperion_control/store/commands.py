"""The table of commands: what was asked of which machines, by whom, and what came of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.domain.commands import OPEN_COMMANDS, CommandState
from hyperion_control.store.records_search import NAME
from hyperion_control.store.tables import UtcTime, catalogue
from hyperion_control.store.tasks import tasks
from hyperion_control.store.users import users

commands = Table(
    "commands",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("kind", String(40), nullable=False),  # subject:verb, as in the audit
    Column("passing", Boolean, nullable=False),  # a look: in no list, and soon forgotten
    Column("state", String(20), nullable=False, index=True),
    # Who asked, for the record of each task; no foreign keys, because people can be erased.
    Column("user_id", String(40), nullable=False),
    Column("via", String(40), nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("order", JSON, nullable=False),  # as domain/commands writes it
    Column("stdin", LargeBinary),  # sealed: scripts hold secrets
    Column("selection", JSON, nullable=False),  # how the machines were chosen
    Column("targets", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),  # 0: as many as the workers take
    Column("batch", String(10), nullable=False),  # such as 5 or 10%; empty: all
    Column("batch_wait", Integer, nullable=False),  # seconds between two
    Column("max_failures", String(10), nullable=False),  # empty: any number
    Column("reason", String(200), nullable=False),
    Column("hash", String(64), nullable=False),  # what an approval is given for
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime),
    Column("expires_at", UtcTime, nullable=False),  # what has not begun by then never does
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("canceled_by", String(40), nullable=False),
    Column("pieces", BigInteger, nullable=False),  # of output, as they are numbered
    Index("ix_commands_organisation_id", "organisation_id", "created_at"),
)

STOPPABLE = (CommandState.PENDING_APPROVAL, CommandState.QUEUED, CommandState.RUNNING)
_open = commands.c.state.in_(OPEN_COMMANDS)


@dataclass(frozen=True)
class Command:
    id: str
    organisation_id: str
    kind: str
    user_id: str
    order: Mapping[str, Any]
    hash: str
    targets: int
    created_at: datetime
    expires_at: datetime
    stdin: bytes | None = field(default=None, repr=False)
    state: CommandState = CommandState.QUEUED
    passing: bool = False
    via: str = ""
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int = 0
    batch: str = ""
    batch_wait: int = 0
    max_failures: str = ""
    reason: str = ""
    not_before: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    canceled_by: str = ""
    pieces: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which commands a list shows; empty is any."""

    machine_ids: Sequence[str] | None = None  # None: any
    kind: str = ""
    state: str = ""
    by: str = ""  # a user's name or id
    since: datetime | None = None


def add(connection: Connection, command: Command) -> None:
    connection.execute(insert(commands).values(vars(command)))


def get(connection: Connection, command_id: str) -> Command | None:
    row = connection.execute(select(commands).where(commands.c.id == command_id)).one_or_none()
    return _read(row) if row else None


def page(
    connection: Connection,
    organisation_id: str,
    wanted: Wanted,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Command]:
    """The newest first, without looks; `before` is the place of the last one of the page before."""
    found = select(commands).where(
        commands.c.organisation_id == organisation_id, commands.c.passing.is_(False)
    )
    for condition in _conditions(wanted, before):
        found = found.where(condition)
    newest = found.order_by(commands.c.created_at.desc(), commands.c.id.desc()).limit(limit)
    return [_read(row) for row in connection.execute(newest)]


def ready(connection: Connection, now: datetime) -> list[Command]:
    """Of all organisations, those whose tasks may be begun now, the oldest first."""
    begun = commands.c.state.in_((CommandState.QUEUED, CommandState.RUNNING))
    due = or_(commands.c.not_before.is_(None), commands.c.not_before <= now)
    wanted = select(commands).where(begun, due, commands.c.expires_at > now)
    return [_read(row) for row in connection.execute(wanted.order_by(commands.c.created_at))]


def overdue(connection: Connection, now: datetime) -> list[str]:
    """Whose time is over: what of them has not begun never will."""
    wanted = select(commands.c.id).where(_open, commands.c.expires_at <= now)
    return list(connection.execute(wanted).scalars())


def move(
    connection: Connection,
    command_id: str,
    state: CommandState,
    now: datetime,
    *,
    only_from: Sequence[CommandState] = OPEN_COMMANDS,
) -> bool:
    """False when it was in none of these states; what has ended stays as it is."""
    wanted = update(commands).where(commands.c.id == command_id, commands.c.state.in_(only_from))
    changes: dict[str, Any] = {"state": state}
    if state is CommandState.RUNNING:
        changes["started_at"] = func.coalesce(commands.c.started_at, now)
    if state not in OPEN_COMMANDS:
        changes["ended_at"] = now
    return connection.execute(wanted.values(changes)).rowcount == 1


def cancel(connection: Connection, command_id: str, user_id: str) -> bool:
    """False when it has ended or is being canceled already."""
    wanted = update(commands).where(commands.c.id == command_id, commands.c.state.in_(STOPPABLE))
    changed = wanted.values(state=CommandState.CANCELING, canceled_by=user_id)
    return connection.execute(changed).rowcount == 1


def hold(connection: Connection, command_id: str) -> None:
    """Until the end of the transaction nobody else ends one of its tasks."""
    connection.execute(select(commands.c.id).where(commands.c.id == command_id).with_for_update())


def number(connection: Connection, command_id: str, pieces: int) -> int:
    """Takes the numbers of so many pieces of output, and returns the first.

    It holds the command's row until the end of the transaction, so that whoever sees a number has
    seen all before it.
    """
    taken = update(commands).where(commands.c.id == command_id)
    taking = taken.values(pieces=commands.c.pieces + pieces).returning(commands.c.pieces)
    last: int = connection.execute(taking).scalar_one()
    return last - pieces + 1


def askers(connection: Connection, user_ids: Collection[str]) -> dict[str, str]:
    """Their names."""
    wanted = select(users.c.id, NAME).where(users.c.id.in_(user_ids))
    return {row.id: row.name for row in connection.execute(wanted)}


def counts(connection: Connection) -> list[tuple[str, str, int]]:
    """Of all organisations: kind, state and how many."""
    kinds = commands.c.kind, commands.c.state
    wanted = select(*kinds, func.count()).where(commands.c.passing.is_(False)).group_by(*kinds)
    return [(kind, state, many) for kind, state, many in connection.execute(wanted)]


def passed(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Looks of before then."""
    wanted = select(commands.c.id).where(commands.c.passing, commands.c.created_at < before)
    return list(connection.execute(wanted.limit(limit)).scalars())


def forget(connection: Connection, command_ids: Sequence[str]) -> None:
    connection.execute(delete(commands).where(commands.c.id.in_(command_ids)))


def _conditions(wanted: Wanted, before: tuple[datetime, str] | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.machine_ids is not None:
        theirs = select(tasks.c.command_id).where(tasks.c.machine_id.in_(wanted.machine_ids))
        found.append(commands.c.id.in_(theirs))
    if wanted.kind:
        found.append(commands.c.kind == wanted.kind)
    if wanted.state:
        found.append(commands.c.state == wanted.state)
    if wanted.by:
        named = select(users.c.id).where(users.c.username == wanted.by)
        found.append(or_(commands.c.user_id == wanted.by, commands.c.user_id.in_(named)))
    if wanted.since:
        found.append(commands.c.created_at >= wanted.since)
    if before:
        at, command_id = before
        same = and_(commands.c.created_at == at, commands.c.id < command_id)
        found.append(or_(commands.c.created_at < at, same))
    return found


def _read(row: Row[Any]) -> Command:
    return Command(**{**row._mapping, "state": CommandState(row.state)})
