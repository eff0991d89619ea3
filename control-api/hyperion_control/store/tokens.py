"""The table of tokens: what scripts sign in with, for one organisation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    and_,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.domain.roles import Role
from hyperion_control.store.memberships import memberships
from hyperion_control.store.tables import UtcTime, catalogue
from hyperion_control.store.users import users

tokens = Table(
    "tokens",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    # After a rotation the secret before stays good for a while.
    Column("previous_hash", String(64), index=True),
    Column("previous_until", UtcTime),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("scopes", JSON, nullable=False),  # list of names
    Column("machines", String(500), nullable=False),  # a selector; empty: all
    Column("addresses", JSON, nullable=False),  # list of networks; empty: from anywhere
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("last_used_from", String(64)),
    Index("ix_tokens_organisation_id", "organisation_id"),
)

SHOWN = [column for column in tokens.c if column.name not in ("secret_hash", "previous_hash")]


@dataclass(frozen=True)
class Token:
    id: str
    user_id: str
    organisation_id: str
    name: str
    scopes: tuple[str, ...]
    machines: str
    addresses: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    previous_until: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_from: str | None = None


@dataclass(frozen=True)
class Presented:
    """A token as somebody shows it, with what its owner is now."""

    token: Token
    role: Role | None  # None: no member any more
    platform_admin: bool
    disabled: bool


def present(connection: Connection, secret_hash: str, now: datetime) -> Presented | None:
    """By its secret, or the one before while both are good; one query, asked at each request."""
    before = and_(tokens.c.previous_hash == secret_hash, tokens.c.previous_until > now)
    member = and_(
        memberships.c.user_id == tokens.c.user_id,
        memberships.c.organisation_id == tokens.c.organisation_id,
    )
    wanted = (
        select(*SHOWN, memberships.c.role, users.c.platform_admin, users.c.disabled_at)
        .join(users, users.c.id == tokens.c.user_id)
        .outerjoin(memberships, member)
        .where(or_(tokens.c.secret_hash == secret_hash, before))
    )
    row: Any = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    role = Role.parse(row.role) if row.role else None
    return Presented(_read(row), role, row.platform_admin, row.disabled_at is not None)


def mark_used(
    connection: Connection, token_id: str, address: str, now: datetime, every: timedelta
) -> None:
    """At most once in `every`, however many come at once."""
    late = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= now - every)
    wanted = update(tokens).where(tokens.c.id == token_id, late)
    connection.execute(wanted.values(last_used_at=now, last_used_from=address))


def add(connection: Connection, token: Token, secret_hash: str) -> None:
    row = {**vars(token), "scopes": list(token.scopes), "addresses": list(token.addresses)}
    connection.execute(insert(tokens).values(**row, secret_hash=secret_hash))


def get(connection: Connection, organisation_id: str, token_id: str) -> Token | None:
    wanted = select(*SHOWN).where(
        tokens.c.organisation_id == organisation_id, tokens.c.id == token_id
    )
    row = connection.execute(wanted).one_or_none()
    return _read(row) if row else None


def page(
    connection: Connection, organisation_id: str, user_id: str | None, after: str, limit: int
) -> list[Token]:
    """`user_id` None: of everybody in the organisation."""
    wanted = select(*SHOWN).where(tokens.c.organisation_id == organisation_id, tokens.c.id > after)
    if user_id is not None:
        wanted = wanted.where(tokens.c.user_id == user_id)
    return [_read(row) for row in connection.execute(wanted.order_by(tokens.c.id).limit(limit))]


def revoke(connection: Connection, token_id: str, now: datetime) -> None:
    wanted = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    connection.execute(wanted.values(revoked_at=now))


def revoke_of_member(
    connection: Connection, organisation_id: str, user_id: str, now: datetime
) -> None:
    wanted = update(tokens).where(
        tokens.c.organisation_id == organisation_id,
        tokens.c.user_id == user_id,
        tokens.c.revoked_at.is_(None),
    )
    connection.execute(wanted.values(revoked_at=now))


def rotate(
    connection: Connection, token_id: str, secret_hash: str, until: datetime, expires_at: datetime
) -> None:
    """The secret until now stays good until then; the one before that ends at once."""
    wanted = update(tokens).where(tokens.c.id == token_id)
    new = {"previous_hash": tokens.c.secret_hash, "previous_until": until}
    connection.execute(wanted.values(**new, secret_hash=secret_hash, expires_at=expires_at))


def _read(row: Row[Any]) -> Token:
    found = {column.name: row._mapping[column] for column in SHOWN}
    return Token(**{**found, "scopes": tuple(row.scopes), "addresses": tuple(row.addresses)})
