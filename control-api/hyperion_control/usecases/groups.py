"""Groups of machines: made, looked at, changed and dissolved."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Conflict, NotFound, Stale
from hyperion_control.store import groups, machines
from hyperion_control.store.groups import Group
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

STALE = "somebody changed this group meanwhile: look again and send the new ETag"


def create(parts: Parts, actor: Actor, name: str, colour: str) -> Group:
    reach.refuse_narrowed(actor)
    made = Group(ids.new("grp"), actor.organisation_id or "", name, colour, parts.clock())
    with (
        parts.audit.acting(Entry(actor, "group:create", made.id)),
        reach.deciding(parts, actor) as connection,
    ):
        _refuse_taken(connection, made.organisation_id, made.id, name)
        groups.add(connection, made)
    return made


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Group]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = groups.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda group: group.name)


def look(parts: Parts, actor: Actor, group_id: str) -> Group:
    with parts.database.reading(actor.organisation_id) as connection:
        return _known(connection, actor, group_id)


def change(
    parts: Parts, actor: Actor, group_id: str, changes: Mapping[str, Any], version: int | None
) -> Group:
    reach.refuse_narrowed(actor)
    entry = Entry(actor, "group:change", group_id, {"fields": sorted(changes)})
    with parts.audit.acting(entry), reach.deciding(parts, actor) as connection:
        group = _known(connection, actor, group_id)
        _refuse_taken(connection, group.organisation_id, group_id, changes.get("name", ""))
        if not groups.change(connection, group_id, changes, version):
            raise Stale(STALE)
        return _known(connection, actor, group_id)


def delete(parts: Parts, actor: Actor, group_id: str, version: int | None) -> None:
    """Its machines stay, in no group."""
    reach.refuse_narrowed(actor)
    with (
        parts.audit.acting(Entry(actor, "group:delete", group_id)),
        reach.deciding(parts, actor) as connection,
    ):
        group = _known(connection, actor, group_id)
        if version not in (None, group.version):
            raise Stale(STALE)
        machines.leave_group(connection, group_id)
        groups.remove(connection, group_id)


def _known(connection: Connection, actor: Actor, group_id: str) -> Group:
    found = groups.get(connection, actor.organisation_id or "", group_id)
    if found is None:
        raise NotFound("there is no such group")
    return found


def _refuse_taken(connection: Connection, organisation_id: str, group_id: str, name: str) -> None:
    holder = groups.named(connection, organisation_id, name)
    if holder is not None and holder.id != group_id:
        raise Conflict(f"there is a group called {name} already", code="name-taken")
