"""Invitations and other one-use links: handed out by admins, used by who gets them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, NotFound, Unauthorised
from hyperion_control.store import links, memberships, users
from hyperion_control.store.links import Link
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases import charge, guessing
from hyperion_control.usecases.accounts import NewAccount, open_account, prepare
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# An invitation, and the first link of an account that an admin made.
FIRST_LIFE = timedelta(days=7)
ENDED = "this invitation is not good any more: ask for a new one"


@dataclass(frozen=True)
class Handed:
    """The only time that the secret is seen."""

    link: Link
    secret: str = field(repr=False)


def hand_out(
    connection: Connection, parts: Parts, actor: Actor, life: timedelta, **what: Any
) -> Handed:
    now, secret = parts.clock(), secrets_text.new(secrets_text.LINK)
    link = Link(
        id=ids.new("lnk"), created_by=actor.user_id, created_at=now, expires_at=now + life, **what
    )
    links.add(connection, link, secrets_text.hashed(secret))
    return Handed(link, secret)


def create(parts: Parts, actor: Actor, role: Role, email: str | None) -> Handed:
    charge.refuse_above_own(actor, role)
    entry = Entry(actor, "invitation:create", detail={"role": str(role)})
    with (
        parts.audit.acting(entry),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        return hand_out(
            connection,
            parts,
            actor,
            FIRST_LIFE,
            purpose=links.INVITATION,
            organisation_id=actor.organisation_id,
            role=role,
            email=email,
        )


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Link]:
    organisation_id = actor.organisation_id or ""
    with parts.database.reading(organisation_id) as connection:
        found = links.page(connection, organisation_id, parts.clock(), after, limit + 1)
    return cut(found, limit, lambda link: link.id)


def revoke(parts: Parts, actor: Actor, link_id: str) -> None:
    with (
        parts.audit.acting(Entry(actor, "invitation:revoke", link_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        if not links.revoke(connection, actor.organisation_id or "", link_id):
            raise NotFound("there is no such open invitation")


def use(parts: Parts, actor: Actor, secret: str, account: NewAccount | None) -> Membership:
    """With the new account that is described, else with that of who is signed in."""
    if account is not None:
        return accept_anew(parts, actor.origin, secret, account)
    if not actor.login_id:
        raise Unauthorised("sign in first, or send username, name and password for a new account")
    return accept(parts, actor, secret)


def accept_anew(parts: Parts, origin: Origin, secret: str, wanted: NewAccount) -> Membership:
    """For who has no account yet."""
    link = _find(parts, origin, secret)
    if link.purpose != links.INVITATION:
        raise NotFound(ENDED)
    user = prepare(parts, wanted, link.email)
    actor = Actor(origin, user_id=user.id, organisation_id=link.organisation_id)
    with parts.audit.acting(_accepted(actor, link)), charge.deciding(parts) as connection:
        _use(connection, parts, link)
        open_account(connection, user)
        return _join(connection, parts, link, user.id)


def accept(parts: Parts, actor: Actor, secret: str) -> Membership:
    """For who is signed in: they join with the account that they have."""
    link = _find(parts, actor.origin, secret)
    with parts.audit.acting(_accepted(actor, link)), charge.deciding(parts) as connection:
        _use(connection, parts, link)
        _give_up_account(connection, link)
        if memberships.get(connection, link.organisation_id or "", actor.user_id):
            raise Conflict("you are a member of this organisation already", code="already-member")
        return _join(connection, parts, link, actor.user_id)


def _find(parts: Parts, origin: Origin, secret: str) -> Link:
    with parts.database.reading("*") as connection:
        link = links.find(connection, secrets_text.hashed(secret), parts.clock())
    if link is None or link.organisation_id is None:
        guessing.try_link(parts, origin)
        raise NotFound(ENDED)
    return link


def _use(connection: Connection, parts: Parts, link: Link) -> None:
    if not links.use(connection, link.id, parts.clock()):
        raise NotFound(ENDED)


def _join(connection: Connection, parts: Parts, link: Link, user_id: str) -> Membership:
    joined = Membership(
        link.organisation_id or "", user_id, link.role or Role.OBSERVER, parts.clock()
    )
    memberships.add(connection, joined)
    return joined


def _give_up_account(connection: Connection, link: Link) -> None:
    """The account that an admin made for somebody who had one; nobody has ever been in it."""
    if link.user_id is None:
        return
    made = users.get(connection, link.user_id)
    if made is None or made.password_hash is not None or made.password_once:
        raise NotFound(ENDED)
    memberships.remove_all(connection, made.id)
    links.remove_of_user(connection, made.id)
    users.remove(connection, made.id)


def _accepted(actor: Actor, link: Link) -> Entry:
    detail = {"role": str(link.role), "instead_of": link.user_id}
    return Entry(actor, "invitation:accept", link.id, detail, link.organisation_id)
