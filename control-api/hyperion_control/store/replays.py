"""The table of replays: requests that were made under an Idempotency-Key, and their answers."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

replays = Table(
    "replays",
    catalogue,
    Column("id", String(64), primary_key=True),  # hash of who asks for what under which key
    Column("organisation_id", String(40), ForeignKey("organisations.id")),
    Column("request_hash", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("answer", LargeBinary),  # sealed: some tell a secret once; empty: not answered yet
)


@dataclass(frozen=True)
class Replay:
    id: str
    organisation_id: str | None
    request_hash: str
    created_at: datetime
    answer: bytes | None = field(default=None, repr=False)


def get(connection: Connection, replay_id: str, since: datetime) -> Replay | None:
    fresh = replays.c.id == replay_id, replays.c.created_at > since
    row = connection.execute(select(replays).where(*fresh)).one_or_none()
    return Replay(**row._mapping) if row else None


def put(connection: Connection, replay: Replay) -> None:
    """In the place of one that is too old."""
    remove(connection, replay.id)
    connection.execute(insert(replays).values(vars(replay)))


def answer(connection: Connection, replay_id: str, sealed: bytes) -> None:
    wanted = update(replays).where(replays.c.id == replay_id)
    connection.execute(wanted.values(answer=sealed))


def remove(connection: Connection, replay_id: str) -> None:
    connection.execute(delete(replays).where(replays.c.id == replay_id))


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(replays).where(replays.c.created_at < before))
