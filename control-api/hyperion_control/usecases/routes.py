"""Routes: which alerts of an organisation reach which of its receivers, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Invalid, NotFound, Stale
from hyperion_control.store import receivers, routes
from hyperion_control.store.routes import Route
from hyperion_control.usecases import routing
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

STALE = "somebody changed this route meanwhile: look again and send the new ETag"


@dataclass(frozen=True)
class Applied:
    route: Route
    warning: str = ""  # why Alertmanager does not follow yet


def create(parts: Parts, actor: Actor, values: Mapping[str, Any]) -> Applied:
    made = Route(ids.new("rte"), actor.organisation_id or "", created_at=parts.clock(), **values)
    with (
        parts.audit.acting(Entry(actor, "route:create", made.id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        _refuse_foreign(connection, actor, values)
        routes.add(connection, made)
    return Applied(made, routing.apply_now(parts))


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Route]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = routes.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda route: route.id)


def look(parts: Parts, actor: Actor, route_id: str) -> Route:
    with parts.database.reading(actor.organisation_id) as connection:
        return _known(connection, actor, route_id)


def change(
    parts: Parts, actor: Actor, route_id: str, changes: Mapping[str, Any], version: int | None
) -> Applied:
    entry = Entry(actor, "route:change", route_id, {"fields": sorted(changes)})
    with (
        parts.audit.acting(entry),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        _known(connection, actor, route_id)
        _refuse_foreign(connection, actor, changes)
        if not routes.change(connection, route_id, changes, version):
            raise Stale(STALE)
        changed = _known(connection, actor, route_id)
    return Applied(changed, routing.apply_now(parts))


def delete(parts: Parts, actor: Actor, route_id: str, version: int | None) -> None:
    with (
        parts.audit.acting(Entry(actor, "route:delete", route_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        if version not in (None, _known(connection, actor, route_id).version):
            raise Stale(STALE)
        routes.remove(connection, route_id)
    routing.apply_now(parts)


def _known(connection: Connection, actor: Actor, route_id: str) -> Route:
    found = routes.get(connection, actor.organisation_id or "", route_id)
    if found is None:
        raise NotFound("there is no such route")
    return found


def _refuse_foreign(connection: Connection, actor: Actor, values: Mapping[str, Any]) -> None:
    if "receiver_id" not in values:
        return
    if not receivers.get(connection, actor.organisation_id or "", values["receiver_id"]):
        wrong = {"pointer": "/receiver_id", "detail": "there is no such receiver"}
        raise Invalid("the request does not fit: see errors", errors=[wrong])
