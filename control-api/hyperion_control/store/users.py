"""The table of users: people, once each, in however many organisations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

users = Table(
    "users",
    catalogue,
    # A contract asks for an integer; it is never used twice.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("username", String(64), nullable=False, unique=True),  # folded, see domain/names
    Column("email", String(254)),
    # The folded address where this account was the first to give it: so it can be signed in with,
    # and nobody learns by giving an address whether an account has it.
    Column("login_email", String(254), unique=True),
    Column("name", String(100), nullable=False),
    Column("language", String(5), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("platform_admin", Boolean, nullable=False),
    Column("password_hash", String(200)),
    # The one that somebody else has seen: good for one login, in which it is replaced.
    Column("password_once", Boolean, nullable=False),
    Column("totp_seed", LargeBinary),  # sealed
    Column("totp_pending", LargeBinary),  # sealed; shown as a QR, not confirmed by a code yet
    Column("totp_step", BigInteger, nullable=False),  # of the last code that was taken
    Column("consented_at", UtcTime),
    Column("consent_revoked_at", UtcTime),
    Column("sessions_per_day", Integer, nullable=False),
    Column("disabled_at", UtcTime),
    Column("erased_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class User:
    number: int  # given by the database
    id: str
    username: str
    created_at: datetime
    email: str | None = None
    login_email: str | None = None
    name: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    platform_admin: bool = False
    password_hash: str | None = field(default=None, repr=False)
    password_once: bool = False
    totp_seed: bytes | None = field(default=None, repr=False)
    totp_pending: bytes | None = field(default=None, repr=False)
    totp_step: int = 0
    consented_at: datetime | None = None
    consent_revoked_at: datetime | None = None
    sessions_per_day: int = 3
    disabled_at: datetime | None = None
    erased_at: datetime | None = None
    version: int = 1


_GET = select(users).where(users.c.id == bindparam("user_id"))


def get(connection: Connection, user_id: str) -> User | None:
    row = connection.execute(_GET, {"user_id": user_id}).one_or_none()
    return User(**row._mapping) if row else None


def named(connection: Connection, text: str) -> User | None:
    """By user name or e-mail address, folded; an erased user has neither."""
    return _one(connection, or_(users.c.username == text, users.c.login_email == text))


def add(connection: Connection, user: User) -> int:
    """Returns the number that the database gave, whatever is in `user`."""
    values = {name: value for name, value in vars(user).items() if name != "number"}
    added = insert(users).values(values).returning(users.c.number)
    number: int = connection.execute(added).scalar_one()
    return number


def change(
    connection: Connection, user_id: str, values: Mapping[str, Any], version: int | None = None
) -> bool:
    """False when the user is gone or not at this version any more."""
    wanted = update(users).where(users.c.id == user_id)
    if version is not None:
        wanted = wanted.where(users.c.version == version)
    changed = connection.execute(wanted.values(**values, version=users.c.version + 1))
    return changed.rowcount == 1


def remove(connection: Connection, user_id: str) -> None:
    connection.execute(delete(users).where(users.c.id == user_id))


def platform_admins(connection: Connection) -> list[str]:
    """Those who can act."""
    wanted = select(users.c.id).where(users.c.platform_admin, users.c.disabled_at.is_(None))
    return list(connection.execute(wanted).scalars())


def _one(connection: Connection, wanted: Any) -> User | None:
    row = connection.execute(select(users).where(wanted)).one_or_none()
    return User(**row._mapping) if row else None
