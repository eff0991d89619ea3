"""How many people there are and what they do, and whether one may open another session today."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from hyperion_control.domain import limits
from hyperion_control.domain.actors import Actor
from hyperion_control.store import statistics
from hyperion_control.store.statistics import People
from hyperion_control.store.users import User
from hyperion_control.usecases import charge
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import moment

# The record of a person who opens a session.
SESSION_START = "session:start"


@dataclass(frozen=True)
class Quota:
    used: int
    left: int
    may: bool
    why: str  # empty when they may


@dataclass(frozen=True)
class Activity:
    living_logins: int
    last_login_at: datetime | None
    sessions_today: int


def people(parts: Parts, actor: Actor) -> People:
    # Logins are the platform's: a person in two organisations signs in once.
    with parts.database.reading("*") as connection:
        return statistics.people(connection, actor.organisation_id or "", _alive(parts))


def of_user(parts: Parts, actor: Actor, user_id: str) -> Activity:
    with parts.database.reading("*") as connection:
        user = charge.known(connection, actor, user_id)
        since = _today(user, parts.clock())
        return Activity(
            living_logins=statistics.logins_of(connection, user.id, _alive(parts)),
            last_login_at=statistics.last_login(connection, user.id),
            sessions_today=statistics.done(
                connection, actor.organisation_id or "", user.id, SESSION_START, since
            ),
        )


def quota(parts: Parts, actor: Actor, user_id: str) -> Quota:
    """May this user open a session now?"""
    with parts.database.reading(actor.organisation_id) as connection:
        user = charge.known(connection, actor, user_id)
        since, whose = _today(user, parts.clock()), actor.organisation_id or ""
        used = statistics.done(connection, whose, user.id, SESSION_START, since)
    left = max(0, user.sessions_per_day - used)
    why = _why_not(user, left)
    return Quota(used, left, not why, why)


def _why_not(user: User, left: int) -> str:
    if user.disabled_at is not None:
        return "the user is disabled"
    if user.consented_at is None or user.consent_revoked_at is not None:
        return "the user has not consented"
    return "" if left else f"all {user.sessions_per_day} sessions of today are used"


def _today(user: User, now: datetime) -> str:
    """When the user's day began, as records tell the time."""
    here = now.astimezone(ZoneInfo(user.time_zone))
    return moment(here.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC))


def _alive(parts: Parts) -> ColumnElement[bool]:
    now = parts.clock()
    return statistics.alive(now - limits.IDLE, now - limits.ABSOLUTE)
