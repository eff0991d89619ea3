"""The table of recovery codes: ten for each user, each good once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

recovery_codes = Table(
    "recovery_codes",
    catalogue,
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used_at", UtcTime),
)


def replace(connection: Connection, user_id: str, hashes: Sequence[str]) -> None:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    if hashes:
        rows = [{"user_id": user_id, "hash": each} for each in hashes]
        connection.execute(insert(recovery_codes), rows)


def use(connection: Connection, user_id: str, code_hash: str, now: datetime) -> bool:
    """True once for each code."""
    unused = update(recovery_codes).where(
        recovery_codes.c.user_id == user_id,
        recovery_codes.c.hash == code_hash,
        recovery_codes.c.used_at.is_(None),
    )
    return connection.execute(unused.values(used_at=now)).rowcount == 1


def left(connection: Connection, user_id: str) -> int:
    unused = select(func.count()).where(
        recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None)
    )
    return int(connection.execute(unused).scalar_one())
