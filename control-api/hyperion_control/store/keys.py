"""The table of data keys: each wrapped by the master key, which is never in here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

keys = Table(
    "keys",
    catalogue,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("purpose", String(10), nullable=False),  # seal, or hash: the one that never changes
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Key:
    id: str
    purpose: str
    wrapped: bytes
    created_at: datetime


def add(connection: Connection, key: Key) -> None:
    row = {
        "id": key.id,
        "purpose": key.purpose,
        "wrapped": key.wrapped,
        "created_at": key.created_at,
    }
    connection.execute(insert(keys).values(row))


def all_of(connection: Connection) -> list[Key]:
    """The oldest first."""
    found = connection.execute(select(keys).order_by(keys.c.number))
    return [Key(row.id, row.purpose, row.wrapped, row.created_at) for row in found]


def rewrap(connection: Connection, key_id: str, wrapped: bytes) -> None:
    connection.execute(update(keys).where(keys.c.id == key_id).values(wrapped=wrapped))


def forget(connection: Connection, key_id: str) -> None:
    connection.execute(delete(keys).where(keys.c.id == key_id))
