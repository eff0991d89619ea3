"""The table of memberships: which user has which role in which organisation."""

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
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.domain.roles import Role
from hyperion_control.store.tables import UtcTime, catalogue
from hyperion_control.store.users import User, users

memberships = Table(
    "memberships",
    catalogue,
    Column("organisation_id", String(40), ForeignKey("organisations.id"), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True, index=True),
    Column("role", String(10), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Membership:
    organisation_id: str
    user_id: str
    role: Role
    created_at: datetime


@dataclass(frozen=True)
class Member:
    """A user as one organisation sees them."""

    user: User
    role: Role | None  # None: no member, seen by who runs the platform


_OF_USER = (
    select(memberships)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.organisation_id)
)


def get(connection: Connection, organisation_id: str, user_id: str) -> Membership | None:
    wanted = select(memberships).where(_one(organisation_id, user_id))
    row = connection.execute(wanted).one_or_none()
    return _read(row) if row else None


def of_user(connection: Connection, user_id: str) -> list[Membership]:
    rows = connection.execute(_OF_USER, {"user_id": user_id})
    return [_read(row) for row in rows]


def page(
    connection: Connection, organisation_id: str, search: str, after: str, limit: int
) -> list[Member]:
    """By user name; `search` is a part of the user name, the name or the address."""
    wanted = (
        select(users, memberships.c.role)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(memberships.c.organisation_id == organisation_id, users.c.username > after)
        .order_by(users.c.username)
        .limit(limit)
    )
    if search:
        places = (users.c.username, users.c.name, users.c.email)
        wanted = wanted.where(or_(*(place.icontains(search, autoescape=True) for place in places)))
    return [
        Member(User(**{column.name: row._mapping[column] for column in users.c}), _role(row))
        for row in connection.execute(wanted)
    ]


def alone(connection: Connection, organisation_id: str, user_id: str) -> bool:
    """Whether nobody else is a member."""
    others = select(memberships.c.user_id).where(
        memberships.c.organisation_id == organisation_id, memberships.c.user_id != user_id
    )
    return connection.execute(others.limit(1)).one_or_none() is None


def add(connection: Connection, membership: Membership) -> None:
    row = {**vars(membership), "role": str(membership.role)}
    connection.execute(insert(memberships).values(row))


def set_role(connection: Connection, organisation_id: str, user_id: str, role: Role) -> None:
    wanted = update(memberships).where(_one(organisation_id, user_id))
    connection.execute(wanted.values(role=str(role)))


def remove(connection: Connection, organisation_id: str, user_id: str) -> None:
    connection.execute(delete(memberships).where(_one(organisation_id, user_id)))


def remove_all(connection: Connection, user_id: str) -> None:
    connection.execute(delete(memberships).where(memberships.c.user_id == user_id))


def admins(connection: Connection, organisation_id: str) -> list[str]:
    """Those who can act."""
    wanted = (
        select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(memberships.c.organisation_id == organisation_id)
        .where(memberships.c.role == str(Role.ADMIN), users.c.disabled_at.is_(None))
    )
    return list(connection.execute(wanted).scalars())


def _one(organisation_id: str, user_id: str) -> Any:
    return (memberships.c.organisation_id == organisation_id) & (memberships.c.user_id == user_id)


def _read(row: Row[Any]) -> Membership:
    return Membership(row.organisation_id, row.user_id, _role(row), row.created_at)


def _role(row: Row[Any]) -> Role:
    return Role.parse(row.role)
