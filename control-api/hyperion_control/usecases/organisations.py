"""Organisations, made and named by who runs the platform, and their members."""

from dataclasses import replace

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, NotFound, Stale
from hyperion_control.store import memberships, organisations, tokens
from hyperion_control.store.memberships import Member, Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.usecases import charge, users
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

ABSENT = "there is no such organisation, or you are in another one now: see X-Organisation"
TAKEN = "this name of an organisation is taken: choose another one"


def create(parts: Parts, actor: Actor, name: str) -> Organisation:
    made = Organisation(ids.new("org"), name, parts.clock())
    with (
        parts.audit.acting(Entry(actor, "organisation:create", made.id, organisation_id=made.id)),
        charge.deciding(parts) as connection,
    ):
        _refuse_taken(connection, name, made.id)
        organisations.add(connection, made)
    return made


def page(parts: Parts, after: str, limit: int) -> Page[Organisation]:
    with parts.database.reading("*") as connection:
        found = organisations.page(connection, after, limit + 1)
    return cut(found, limit, lambda organisation: organisation.name)


def look(parts: Parts, actor: Actor, organisation_id: str) -> Organisation:
    if organisation_id != actor.organisation_id and not actor.platform_admin:
        raise NotFound(ABSENT)
    with parts.database.reading("*") as connection:
        return _get(connection, organisation_id)


def rename(
    parts: Parts, actor: Actor, organisation_id: str, name: str, version: int | None
) -> Organisation:
    entry = Entry(actor, "organisation:change", organisation_id, organisation_id=organisation_id)
    with (
        parts.audit.acting(entry),
        charge.deciding(parts) as connection,
    ):
        _get(connection, organisation_id)
        _refuse_taken(connection, name, organisation_id)
        if not organisations.rename(connection, organisation_id, name, version):
            raise Stale("somebody renamed it meanwhile: look again and send the new ETag")
        return _get(connection, organisation_id)


def set_role(
    parts: Parts, actor: Actor, organisation_id: str, user_id: str, role: Role
) -> Membership:
    _refuse_elsewhere(actor, organisation_id)
    charge.refuse_above_own(actor, role)
    entry = Entry(actor, "member:change", user_id, {"role": str(role)})
    with parts.audit.acting(entry), charge.deciding(parts, organisation_id) as connection:
        membership = _membership(connection, organisation_id, user_id)
        if role != Role.ADMIN:
            charge.keep_an_admin(connection, organisation_id, user_id)
        memberships.set_role(connection, organisation_id, user_id, role)
    return replace(membership, role=role)


def remove(parts: Parts, actor: Actor, organisation_id: str, user_id: str) -> None:
    """The account itself stays."""
    _refuse_elsewhere(actor, organisation_id)
    _remove(parts, actor, organisation_id, user_id)


def leave(parts: Parts, actor: Actor, organisation_id: str) -> None:
    _remove(parts, actor, organisation_id, actor.user_id)


def members(
    parts: Parts, actor: Actor, organisation_id: str, after: str, limit: int
) -> Page[Member]:
    _refuse_elsewhere(actor, organisation_id)
    return users.page(parts, actor, "", after, limit)


def _remove(parts: Parts, actor: Actor, organisation_id: str, user_id: str) -> None:
    entry = Entry(actor, "member:remove", user_id, organisation_id=organisation_id)
    with parts.audit.acting(entry), charge.deciding(parts, organisation_id) as connection:
        _membership(connection, organisation_id, user_id)
        charge.keep_an_admin(connection, organisation_id, user_id)
        tokens.revoke_of_member(connection, organisation_id, user_id, parts.clock())
        memberships.remove(connection, organisation_id, user_id)


def _refuse_elsewhere(actor: Actor, organisation_id: str) -> None:
    if organisation_id != actor.organisation_id:
        raise NotFound(ABSENT)


def _membership(connection: Connection, organisation_id: str, user_id: str) -> Membership:
    found = memberships.get(connection, organisation_id, user_id)
    if found is None:
        raise NotFound("there is no such member")
    return found


def _get(connection: Connection, organisation_id: str) -> Organisation:
    found = organisations.get(connection, organisation_id)
    if found is None:
        raise NotFound(ABSENT)
    return found


def _refuse_taken(connection: Connection, name: str, organisation_id: str) -> None:
    holder = organisations.named(connection, name)
    if holder is not None and holder.id != organisation_id:
        raise Conflict(TAKEN)
