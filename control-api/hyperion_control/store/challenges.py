"""The table of challenges: the password was right, a code is awaited."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

challenges = Table(
    "challenges",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # browser, api
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
)


@dataclass(frozen=True)
class Challenge:
    id: str
    user_id: str
    kind: str
    created_at: datetime


def add(connection: Connection, challenge: Challenge, secret_hash: str) -> None:
    row = {**challenge.__dict__, "secret_hash": secret_hash, "tries": 0}
    connection.execute(insert(challenges).values(row))


def use_try(
    connection: Connection, secret_hash: str, most: int, since: datetime
) -> Challenge | None:
    """None when it is unknown, too old, or has no try left."""
    one = challenges.c.secret_hash == secret_hash
    tried = update(challenges).where(one, challenges.c.created_at > since)
    counted = tried.where(challenges.c.tries < most).values(tries=challenges.c.tries + 1)
    if connection.execute(counted).rowcount == 0:
        return None
    columns = [challenges.c[name] for name in Challenge.__dataclass_fields__]
    return Challenge(*connection.execute(select(*columns).where(one)).one())


def end(connection: Connection, challenge_id: str) -> bool:
    """False when it has ended already."""
    gone = connection.execute(delete(challenges).where(challenges.c.id == challenge_id))
    return gone.rowcount == 1


def end_all(connection: Connection, user_id: str) -> None:
    connection.execute(delete(challenges).where(challenges.c.user_id == user_id))


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(challenges).where(challenges.c.created_at < before))
