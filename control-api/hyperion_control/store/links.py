"""The table of one-use links: to join an organisation, to choose a password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.domain.roles import Role
from hyperion_control.store.tables import UtcTime, catalogue

INVITATION = "invitation"
PASSWORD = "password"  # noqa: S105  a purpose

links = Table(
    "links",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("purpose", String(10), nullable=False),  # invitation, password
    Column("user_id", String(40), ForeignKey("users.id"), index=True),  # whose password
    Column("organisation_id", String(40), ForeignKey("organisations.id"), index=True),
    Column("role", String(10)),
    Column("email", String(254)),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)


@dataclass(frozen=True)
class Link:
    id: str
    purpose: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    user_id: str | None = None
    organisation_id: str | None = None
    role: Role | None = None
    email: str | None = None
    used_at: datetime | None = None


def add(connection: Connection, link: Link, secret_hash: str) -> None:
    role = None if link.role is None else str(link.role)
    row = {**vars(link), "role": role, "secret_hash": secret_hash}
    connection.execute(insert(links).values(row))


def find(connection: Connection, secret_hash: str, now: datetime) -> Link | None:
    """One that can still be used."""
    wanted = select(links).where(links.c.secret_hash == secret_hash, *_good(now))
    row = connection.execute(wanted).one_or_none()
    return _read(row) if row else None


def use(connection: Connection, link_id: str, now: datetime) -> bool:
    """False for all but the first of those who come at once."""
    wanted = update(links).where(links.c.id == link_id, *_good(now))
    return connection.execute(wanted.values(used_at=now)).rowcount == 1


def page(
    connection: Connection, organisation_id: str, now: datetime, after: str, limit: int
) -> list[Link]:
    """Invitations of an organisation that can still be used."""
    wanted = (
        select(links)
        .where(links.c.organisation_id == organisation_id, links.c.purpose == INVITATION)
        .where(links.c.id > after, *_good(now))
        .order_by(links.c.id)
        .limit(limit)
    )
    return [_read(row) for row in connection.execute(wanted)]


def revoke(connection: Connection, organisation_id: str, link_id: str) -> bool:
    """An invitation that was used stays, so that it can be seen who came by it."""
    wanted = delete(links).where(links.c.organisation_id == organisation_id)
    wanted = wanted.where(links.c.purpose == INVITATION, links.c.used_at.is_(None))
    return connection.execute(wanted.where(links.c.id == link_id)).rowcount == 1


def remove_of_user(connection: Connection, user_id: str) -> None:
    connection.execute(delete(links).where(links.c.user_id == user_id))


def _good(now: datetime) -> tuple[Any, Any]:
    return links.c.used_at.is_(None), links.c.expires_at > now


def _read(row: Row[Any]) -> Link:
    found = dict(row._mapping)
    del found["secret_hash"]
    return Link(**{**found, "role": Role.parse(row.role) if row.role else None})
