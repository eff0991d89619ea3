"""The table of logins: who is signed in, from where, since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    String,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.store.memberships import memberships
from hyperion_control.store.organisations import organisations
from hyperion_control.store.tables import UtcTime, catalogue
from hyperion_control.store.users import users

logins = Table(
    "logins",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id")),
    Column("kind", String(10), nullable=False),  # browser, api
    Column("address", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("second_factor_at", UtcTime),  # the last code in this login
    Column("revoked_at", UtcTime),
)


@dataclass(frozen=True)
class Login:
    id: str
    user_id: str
    organisation_id: str | None
    kind: str
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    second_factor_at: datetime | None


@dataclass(frozen=True)
class Holder:
    """A login with what its holder is now, in the organisation that is asked for."""

    id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    second_factor_at: datetime | None
    revoked_at: datetime | None
    organisation_id: str | None
    role: str | None
    platform_admin: bool
    disabled_at: datetime | None
    erased_at: datetime | None
    password_once: bool
    second_factor: bool
    can_act: bool  # in any organisation


_ASKED = func.coalesce(bindparam("organisation", type_=String), logins.c.organisation_id)
_MEMBER = and_(
    memberships.c.user_id == users.c.id, memberships.c.organisation_id == organisations.c.id
)
_ANYWHERE = memberships.alias()
_ACTS = exists().where(_ANYWHERE.c.user_id == users.c.id, _ANYWHERE.c.role != "observer")
# Built once: every request asks it.
_HOLDER = (
    select(
        logins.c.id,
        logins.c.user_id,
        logins.c.created_at,
        logins.c.seen_at,
        logins.c.second_factor_at,
        logins.c.revoked_at,
        organisations.c.id.label("organisation_id"),
        memberships.c.role,
        users.c.platform_admin,
        users.c.disabled_at,
        users.c.erased_at,
        users.c.password_once,
        users.c.totp_seed.is_not(None).label("second_factor"),
        _ACTS.label("can_act"),
    )
    .join(users, users.c.id == logins.c.user_id)
    .outerjoin(organisations, organisations.c.id == _ASKED)
    .outerjoin(memberships, _MEMBER)
    .where(logins.c.secret_hash == bindparam("secret_hash"))
)


def holder(connection: Connection, secret_hash: str, organisation: str | None) -> Holder | None:
    """`organisation` instead of the one that the login is in."""
    asked = {"secret_hash": secret_hash, "organisation": organisation}
    row = connection.execute(_HOLDER, asked).one_or_none()
    return Holder(**row._mapping) if row else None


def add(connection: Connection, login: Login, secret_hash: str) -> None:
    row = {"secret_hash": secret_hash, **login.__dict__}
    connection.execute(insert(logins).values(row))


def living(connection: Connection, user_id: str, since: datetime, born: datetime) -> list[Login]:
    """Seen since, and not older than: the newest first."""
    alive = and_(_of(user_id), logins.c.seen_at > since, logins.c.created_at > born)
    columns = [logins.c[name] for name in Login.__dataclass_fields__]
    found = connection.execute(select(*columns).where(alive).order_by(logins.c.created_at.desc()))
    return [Login(*row) for row in found]


def see(connection: Connection, login_id: str, now: datetime) -> None:
    connection.execute(update(logins).where(logins.c.id == login_id).values(seen_at=now))


def renew(connection: Connection, login_id: str, old_hash: str, new_hash: str) -> bool:
    """False when somebody was faster."""
    same = and_(logins.c.id == login_id, logins.c.secret_hash == old_hash)
    renewed = update(logins).where(same, logins.c.revoked_at.is_(None))
    return connection.execute(renewed.values(secret_hash=new_hash)).rowcount == 1


def step_up(connection: Connection, login_id: str, now: datetime) -> None:
    connection.execute(update(logins).where(logins.c.id == login_id).values(second_factor_at=now))


def switch(connection: Connection, login_id: str, organisation_id: str) -> None:
    moved = update(logins).where(logins.c.id == login_id)
    connection.execute(moved.values(organisation_id=organisation_id))


def revoke(connection: Connection, user_id: str, login_id: str, now: datetime) -> bool:
    """False when the user has no such login."""
    ended = update(logins).where(_of(user_id), logins.c.id == login_id)
    return connection.execute(ended.values(revoked_at=now)).rowcount == 1


def revoke_by_secret(connection: Connection, secret_hash: str, now: datetime) -> None:
    mine = and_(logins.c.secret_hash == secret_hash, logins.c.revoked_at.is_(None))
    connection.execute(update(logins).where(mine).values(revoked_at=now))


def revoke_all(connection: Connection, user_id: str, now: datetime, but: str = "") -> int:
    ended = update(logins).where(_of(user_id), logins.c.id != but)
    return connection.execute(ended.values(revoked_at=now)).rowcount


def known_address(connection: Connection, address: str, since: datetime) -> bool:
    """Whether anybody has signed in from there since."""
    there = exists().where(logins.c.address == address, logins.c.created_at > since)
    return bool(connection.execute(select(there)).scalar_one())


def organisations_of(connection: Connection, user_id: str) -> list[str]:
    """Those that the user is a member of; for who runs the platform, all."""
    everywhere = select(users.c.platform_admin).where(users.c.id == user_id).scalar_subquery()
    member = select(memberships.c.organisation_id).where(memberships.c.user_id == user_id)
    mine = select(organisations.c.id).where(or_(everywhere, organisations.c.id.in_(member)))
    return list(connection.execute(mine).scalars())


def home_of(connection: Connection, user_id: str) -> str | None:
    """The only organisation of a user who is in one only."""
    wanted = select(memberships.c.organisation_id).where(memberships.c.user_id == user_id)
    found = list(connection.execute(wanted.limit(2)).scalars())
    return found[0] if len(found) == 1 else None


def can_act(connection: Connection, user_id: str) -> bool:
    """In any organisation."""
    wanted = select(_ACTS).where(users.c.id == user_id)
    return bool(connection.execute(wanted).scalar_one())


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(logins).where(logins.c.created_at < before))


def _of(user_id: str) -> ColumnElement[bool]:
    return and_(logins.c.user_id == user_id, logins.c.revoked_at.is_(None))
