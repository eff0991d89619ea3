"""Logins: started, recognised at each request, seen, renewed, ended."""

from datetime import datetime

from sqlalchemy import Connection

from hyperion_control.domain import ids, limits, secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.errors import BadRequest, NotFound, Unauthorised
from hyperion_control.store import logins, memberships
from hyperion_control.store.logins import Holder, Login
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

ENDED = "this login has ended: sign in again"
NO_ORGANISATION = "you are in no such organisation"
NO_LOGIN = "there is no such login"


def start(
    parts: Parts,
    user_id: str,
    kind: str,
    origin: Origin,
    *,
    second_factor: bool,
    organisation: str | None = None,
) -> str:
    """For who has proven to be that user; `kind` is browser or api. Returns the secret."""
    now, secret = parts.clock(), secrets_text.new(secrets_text.LOGIN)
    login = Login(
        id=ids.new("lgn"),
        user_id=user_id,
        organisation_id=_entered(parts, user_id, organisation),
        kind=kind,
        address=origin.address,
        user_agent=origin.user_agent,
        created_at=now,
        seen_at=now,
        second_factor_at=now if second_factor else None,
    )
    actor = Actor(origin, user_id, login.organisation_id, login_id=login.id)
    parts.audit.note(Entry(actor, "login:create", user_id, {"kind": kind}))
    with parts.database.writing("*") as connection:
        logins.add(connection, login, secrets_text.hashed(secret))
    parts.meter.logins.labels(kind).inc()
    return secret


def authenticate(
    parts: Parts, secret: str, origin: Origin, organisation: str | None = None
) -> Actor:
    """Who asks with this login, in the organisation that it is in or in the one that is named."""
    if not secrets_text.is_one(secrets_text.LOGIN, secret):
        raise Unauthorised(ENDED)
    with parts.database.glancing() as connection:
        holder = logins.holder(connection, secrets_text.hashed(secret), organisation)
    now = parts.clock()
    if holder is None or not _lives(holder, now):
        raise Unauthorised(ENDED)
    actor = _actor(holder, origin, parts.settings.second_factor_for_all)
    if organisation and actor.role is None:
        raise NotFound(NO_ORGANISATION)
    if now - holder.seen_at >= limits.SEEN_EVERY:
        with parts.database.writing("*") as connection:
            logins.see(connection, holder.id, now)
    return actor


def renew(parts: Parts, actor: Actor, secret: str) -> str:
    """Another secret for the same login; the one before is dead at once."""
    if not secret:
        raise BadRequest("only a bearer is refreshed: a browser's cookie renews itself")
    parts.audit.note(Entry(actor, "login:refresh", actor.login_id))
    renewed = secrets_text.new(secrets_text.LOGIN)
    old, new = secrets_text.hashed(secret), secrets_text.hashed(renewed)
    with parts.database.writing("*") as connection:
        if not logins.renew(connection, actor.login_id, old, new):
            raise Unauthorised(ENDED)
    return renewed


def end(parts: Parts, actor: Actor) -> None:
    parts.audit.note(Entry(actor, "login:end", actor.login_id))
    with parts.database.writing("*") as connection:
        logins.revoke(connection, actor.user_id, actor.login_id, parts.clock())


def leave(parts: Parts, secret: str) -> None:
    """Ends the login that a browser had when it signs in anew; the new one is on record."""
    with parts.database.writing("*") as connection:
        logins.revoke_by_secret(connection, secrets_text.hashed(secret), parts.clock())


def own(parts: Parts, actor: Actor) -> list[Login]:
    """Those that live, the newest first."""
    now = parts.clock()
    with parts.database.reading("*") as connection:
        return logins.living(connection, actor.user_id, now - limits.IDLE, now - limits.ABSOLUTE)


def of_member(parts: Parts, actor: Actor, user_id: str) -> list[Login]:
    """For admins: those in which a member works in this organisation, and no others."""
    now = parts.clock()
    with parts.database.reading("*") as connection:
        _refuse_stranger(connection, actor, user_id)
        found = logins.living(connection, user_id, now - limits.IDLE, now - limits.ABSOLUTE)
    return [login for login in found if login.organisation_id == actor.organisation_id]


def revoke(parts: Parts, actor: Actor, login_id: str) -> None:
    """One's own."""
    with (
        parts.audit.acting(Entry(actor, "login:revoke", login_id)),
        parts.database.writing("*") as connection,
    ):
        if not logins.revoke(connection, actor.user_id, login_id, parts.clock()):
            raise NotFound(NO_LOGIN)


def revoke_others(parts: Parts, actor: Actor) -> None:
    """All of one's own but the one that asks."""
    with (
        parts.audit.acting(Entry(actor, "login:revoke", actor.user_id)),
        parts.database.writing("*") as connection,
    ):
        logins.revoke_all(connection, actor.user_id, parts.clock(), but=actor.login_id)


def revoke_of_member(parts: Parts, actor: Actor, user_id: str, login_id: str) -> None:
    if login_id not in [login.id for login in of_member(parts, actor, user_id)]:
        raise NotFound(NO_LOGIN)
    with (
        parts.audit.acting(Entry(actor, "login:revoke", login_id)),
        parts.database.writing("*") as connection,
    ):
        logins.revoke(connection, user_id, login_id, parts.clock())


def switch(parts: Parts, actor: Actor, organisation: str) -> None:
    """Works in another of one's organisations from now on."""
    organisation_id = _entered(parts, actor.user_id, organisation)
    entry = Entry(actor, "login:switch", organisation, organisation_id=organisation_id)
    with parts.audit.acting(entry), parts.database.writing("*") as connection:
        logins.switch(connection, actor.login_id, organisation)


def _refuse_stranger(connection: Connection, actor: Actor, user_id: str) -> None:
    if memberships.get(connection, actor.organisation_id or "", user_id) is None:
        raise NotFound("there is no such user")


def _entered(parts: Parts, user_id: str, wished: str | None) -> str | None:
    """The organisation that a login begins in: the only one, or the one that is wished for."""
    with parts.database.reading("*") as connection:
        mine = logins.organisations_of(connection, user_id)
    if wished and wished not in mine:
        raise NotFound(NO_ORGANISATION)
    return wished or (mine[0] if len(mine) == 1 else None)


def _lives(holder: Holder, now: datetime) -> bool:
    return (
        holder.revoked_at is None
        and holder.disabled_at is None
        and holder.erased_at is None
        and now - holder.seen_at < limits.IDLE
        and now - holder.created_at < limits.ABSOLUTE
        # Who has a second factor has shown it, whatever happened while this login was made.
        and (holder.second_factor_at is not None or not holder.second_factor)
    )


def _actor(holder: Holder, origin: Origin, second_factor_for_all: bool) -> Actor:
    role = Role.parse(holder.role) if holder.role else None
    if holder.platform_admin and holder.organisation_id:
        role = Role.ADMIN
    return Actor(
        origin,
        user_id=holder.user_id,
        organisation_id=holder.organisation_id if role else None,
        role=role,
        platform_admin=holder.platform_admin,
        login_id=holder.id,
        second_factor_at=holder.second_factor_at,
        duties=_duties(holder, second_factor_for_all),
    )


def _duties(holder: Holder, second_factor_for_all: bool) -> tuple[str, ...]:
    factor_needed = holder.platform_admin or holder.can_act or second_factor_for_all
    owed = {
        "password": holder.password_once,
        "second-factor": factor_needed and not holder.second_factor,
    }
    return tuple(duty for duty, is_owed in owed.items() if is_owed)
