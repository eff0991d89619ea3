"""Counts over several tables: of the people in an organisation, and of what one of them does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, distinct, func, select

from hyperion_control.domain.roles import Role
from hyperion_control.store.logins import logins
from hyperion_control.store.memberships import memberships
from hyperion_control.store.records import records
from hyperion_control.store.users import users

_CONSENTED = and_(users.c.consented_at.is_not(None), users.c.consent_revoked_at.is_(None))


@dataclass(frozen=True)
class People:
    users: int
    roles: dict[str, int]
    second_factor: int
    consented: int
    disabled: int
    signed_in: int  # users with at least one living login


def people(connection: Connection, organisation_id: str, alive: ColumnElement[bool]) -> People:
    member = memberships.c.organisation_id == organisation_id
    counts = {
        "users": func.count(),
        "second_factor": _count(users.c.totp_seed.is_not(None)),
        "consented": _count(_CONSENTED),
        "disabled": _count(users.c.disabled_at.is_not(None)),
        **{str(role): _count(memberships.c.role == str(role)) for role in Role},
    }
    counting = select(*(count.label(name) for name, count in counts.items()))
    mine = counting.join(users, users.c.id == memberships.c.user_id).where(member)
    counted = dict(connection.execute(mine).one()._mapping)
    roles = {str(role): counted.pop(str(role)) for role in Role}
    signed_in = (
        select(func.count(distinct(logins.c.user_id)))
        .join(memberships, memberships.c.user_id == logins.c.user_id)
        .where(member, alive)
    )
    return People(**counted, roles=roles, signed_in=connection.execute(signed_in).scalar_one())


def alive(since: datetime, born: datetime) -> ColumnElement[bool]:
    """Logins that were seen since and not begun before."""
    return and_(logins.c.revoked_at.is_(None), logins.c.seen_at > since, logins.c.created_at > born)


def last_login(connection: Connection, user_id: str) -> datetime | None:
    wanted = select(func.max(logins.c.created_at)).where(logins.c.user_id == user_id)
    found: datetime | None = connection.execute(wanted).scalar_one()
    return found


def logins_of(connection: Connection, user_id: str, alive: ColumnElement[bool]) -> int:
    wanted = select(func.count()).select_from(logins).where(logins.c.user_id == user_id, alive)
    return connection.execute(wanted).scalar_one()


def done(connection: Connection, organisation_id: str, user_id: str, action: str, at: str) -> int:
    """How often the user did that in the organisation since, and it succeeded."""
    wanted = select(func.count()).where(
        records.c.organisation_id == organisation_id,
        records.c.actor_id == user_id,
        records.c.action == action,
        records.c.outcome == "succeeded",
        records.c.at >= at,
    )
    return connection.execute(wanted).scalar_one()


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
