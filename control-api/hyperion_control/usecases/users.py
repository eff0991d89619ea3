"""Users: made, looked at, changed, shut out and let in again by admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids, limits
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Stale
from hyperion_control.store import links, logins, memberships, users
from hyperion_control.store.memberships import Member, Membership
from hyperion_control.store.users import User
from hyperion_control.usecases import charge
from hyperion_control.usecases.accounts import login_email, refuse_taken
from hyperion_control.usecases.invitations import FIRST_LIFE, Handed, hand_out
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


@dataclass(frozen=True)
class NewUser:
    username: str
    name: str
    role: Role
    email: str | None
    language: str
    time_zone: str
    sessions_per_day: int


@dataclass(frozen=True)
class Created:
    member: Member
    link: Handed


def create(parts: Parts, actor: Actor, wanted: NewUser) -> Created:
    """A new account always, and a link to it.

    Who has an account elsewhere uses the link signed in and joins with that one: so the answer
    does not tell whether an address has one.
    """
    charge.refuse_above_own(actor, wanted.role)
    organisation_id, user_id = actor.organisation_id or "", ids.new("usr")
    entry = Entry(actor, "user:create", user_id, {"role": str(wanted.role)})
    with (
        parts.audit.acting(entry),
        charge.deciding(parts, organisation_id) as connection,
    ):
        refuse_taken(connection, wanted.username)
        now = parts.clock()
        users.add(connection, _user(connection, user_id, wanted, now))
        joined = Membership(organisation_id, user_id, wanted.role, now)
        memberships.add(connection, joined)
        link = hand_out(
            connection,
            parts,
            actor,
            FIRST_LIFE,
            purpose=links.PASSWORD,
            user_id=user_id,
            organisation_id=organisation_id,
            role=wanted.role,
            email=wanted.email,
        )
        return Created(_member(connection, actor, user_id), link)


def page(parts: Parts, actor: Actor, search: str, after: str, limit: int) -> Page[Member]:
    with parts.database.reading(actor.organisation_id) as connection:
        organisation_id = actor.organisation_id or ""
        found = memberships.page(connection, organisation_id, search, after, limit + 1)
    return cut(found, limit, lambda member: member.user.username)


def look(parts: Parts, actor: Actor, user_id: str) -> Member:
    with parts.database.reading(actor.organisation_id) as connection:
        return _member(connection, actor, user_id)


def change(
    parts: Parts, actor: Actor, user_id: str, changes: Mapping[str, Any], version: int | None
) -> Member:
    entry = Entry(actor, "user:change", user_id, {"fields": sorted(changes)})
    with parts.audit.acting(entry), charge.deciding(parts) as connection:
        user = charge.decided_over(connection, actor, user_id)
        write(connection, user, changes, version)
        return _member(connection, actor, user_id)


def disable(parts: Parts, actor: Actor, user_id: str) -> Member:
    """Signed out everywhere at once; tokens rest until the user is enabled again."""
    with (
        parts.audit.acting(Entry(actor, "user:disable", user_id)),
        charge.deciding(parts) as connection,
    ):
        user = charge.decided_over(connection, actor, user_id)
        for membership in memberships.of_user(connection, user_id):
            charge.keep_an_admin(connection, membership.organisation_id, user_id)
        charge.keep_a_platform_admin(connection, user_id)
        if user.disabled_at is None:
            users.change(connection, user_id, {"disabled_at": parts.clock()})
        logins.revoke_all(connection, user_id, parts.clock())
        return _member(connection, actor, user_id)


def enable(parts: Parts, actor: Actor, user_id: str) -> Member:
    with (
        parts.audit.acting(Entry(actor, "user:enable", user_id)),
        charge.deciding(parts) as connection,
    ):
        user = charge.decided_over(connection, actor, user_id)
        if user.erased_at is not None:
            raise Conflict("this user was erased: there is nothing left to enable")
        users.change(connection, user_id, {"disabled_at": None})
        return _member(connection, actor, user_id)


def reset(parts: Parts, actor: Actor, user_id: str) -> Handed:
    """A link by which the person, and nobody else, chooses a new password."""
    with (
        parts.audit.acting(Entry(actor, "user:reset", user_id)),
        charge.deciding(parts) as connection,
    ):
        user = charge.decided_over(connection, actor, user_id)
        if user.disabled_at is not None:
            raise Conflict("this user is disabled: enable them first")
        links.remove_of_user(connection, user_id)
        return hand_out(
            connection, parts, actor, limits.RESET_LIFE, purpose=links.PASSWORD, user_id=user_id
        )


def write(
    connection: Connection, user: User, changes: Mapping[str, Any], version: int | None
) -> None:
    values = dict(changes)
    if "email" in changes:
        values["login_email"] = login_email(connection, user.id, changes["email"])
    if not users.change(connection, user.id, values, version):
        raise Stale("somebody changed this user meanwhile: look again and send the new ETag")


def _user(connection: Connection, user_id: str, wanted: NewUser, now: datetime) -> User:
    return User(
        number=0,
        id=user_id,
        username=wanted.username,
        created_at=now,
        email=wanted.email,
        login_email=login_email(connection, user_id, wanted.email),
        name=wanted.name,
        language=wanted.language,
        time_zone=wanted.time_zone,
        sessions_per_day=wanted.sessions_per_day,
    )


def _member(connection: Connection, actor: Actor, user_id: str) -> Member:
    user = charge.known(connection, actor, user_id)
    membership = memberships.get(connection, actor.organisation_id or "", user_id)
    return Member(user, membership.role if membership else None)
