"""The table of failed attempts: what the limits against guessing are counted from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from hyperion_control.store.tables import UtcTime, catalogue

attempts = Table(
    "attempts",
    catalogue,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("what", String(10), nullable=False),  # password, code, link
    # The user's id, or a keyed hash of a name that nobody has; for a password that is asked
    # for again within a login, the login's id.
    Column("account", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_attempts_account", "what", "account", "at"),
    Index("ix_attempts_address", "what", "address", "at"),
    Index("ix_attempts_at", "at"),
)


@dataclass(frozen=True)
class Attempt:
    what: str
    account: str
    address: str
    at: datetime


def add(connection: Connection, attempt: Attempt) -> int:
    """Its number, by which it is forgiven when it turns out right."""
    added = connection.execute(insert(attempts).values(attempt.__dict__))
    return int(added.inserted_primary_key[0])  # type: ignore[index]


def of_account(
    connection: Connection, what: str, account: str, since: datetime
) -> tuple[int, datetime | None]:
    """How many since, and the last."""
    wanted = select(func.count(), func.max(attempts.c.at)).where(
        attempts.c.what == what, attempts.c.account == account, attempts.c.at > since
    )
    count, last = connection.execute(wanted).one()
    return count, last


def times_of_account(connection: Connection, what: str, account: str, most: int) -> list[datetime]:
    """The newest first."""
    wanted = select(attempts.c.at).where(attempts.c.what == what, attempts.c.account == account)
    return _newest(connection, wanted, most)


def times_of_address(connection: Connection, what: str, address: str, most: int) -> list[datetime]:
    """The newest first."""
    wanted = select(attempts.c.at).where(attempts.c.what == what, attempts.c.address == address)
    return _newest(connection, wanted, most)


def times(connection: Connection, most: int) -> list[datetime]:
    """Of all, the newest first."""
    return _newest(connection, select(attempts.c.at), most)


def forgive(connection: Connection, number: int) -> None:
    connection.execute(delete(attempts).where(attempts.c.number == number))


def clear(connection: Connection, what: str, account: str) -> None:
    gone = delete(attempts).where(attempts.c.what == what, attempts.c.account == account)
    connection.execute(gone)


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(attempts).where(attempts.c.at < before))


def _newest(connection: Connection, wanted: Select[Any], most: int) -> list[datetime]:
    newest = wanted.order_by(attempts.c.at.desc()).limit(most)
    return [row.at for row in connection.execute(newest)]
