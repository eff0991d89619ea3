"""The table of routes: which alerts of an organisation reach which of its receivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.organisations import organisations
from hyperion_control.store.receivers import receivers
from hyperion_control.store.tables import UtcTime, catalogue

routes = Table(
    "routes",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("receiver_id", String(40), ForeignKey("receivers.id"), nullable=False),
    Column("severities", JSON, nullable=False),  # list
    Column("classes", JSON, nullable=False),  # list of subjects of rules; empty: all
    Column("groups", JSON, nullable=False),  # list of names; empty: all
    Column("labels", JSON, nullable=False),
    Column("quiet", String(80), nullable=False),  # such as 22:00-07:00 Europe/Paris; empty: none
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_routes_receiver_id", "receiver_id"),
)


@dataclass(frozen=True)
class Route:
    id: str
    organisation_id: str
    receiver_id: str
    severities: tuple[str, ...]
    created_at: datetime
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    quiet: str = ""
    enabled: bool = True
    version: int = 1


def get(connection: Connection, organisation_id: str, route_id: str) -> Route | None:
    wanted = select(routes).where(routes.c.organisation_id == organisation_id)
    row = connection.execute(wanted.where(routes.c.id == route_id)).one_or_none()
    return _read(row) if row else None


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[Route]:
    wanted = select(routes).where(routes.c.organisation_id == organisation_id)
    wanted = wanted.where(routes.c.id > after).order_by(routes.c.id).limit(limit)
    return [_read(row) for row in connection.execute(wanted)]


def switched_on(connection: Connection) -> list[tuple[str, Route]]:
    """Of every organisation, whose name comes with it; always in the same order."""
    wanted = (
        select(organisations.c.name.label("org"), routes)
        .join(organisations, organisations.c.id == routes.c.organisation_id)
        .join(receivers, receivers.c.id == routes.c.receiver_id)
        # The second half holds whatever else is wrong: no route leads to a neighbour's receiver.
        .where(routes.c.enabled, receivers.c.enabled)
        .where(receivers.c.organisation_id == routes.c.organisation_id)
        .order_by(organisations.c.name, routes.c.id)
    )
    return [(row.org, _read(row)) for row in connection.execute(wanted)]


def add(connection: Connection, route: Route) -> None:
    connection.execute(insert(routes).values(vars(route)))


def change(
    connection: Connection, route_id: str, values: Mapping[str, Any], version: int | None
) -> bool:
    """False when the route is gone or not at this version any more."""
    wanted = update(routes).where(routes.c.id == route_id)
    if version is not None:
        wanted = wanted.where(routes.c.version == version)
    changed = connection.execute(wanted.values(**values, version=routes.c.version + 1))
    return changed.rowcount == 1


def remove(connection: Connection, route_id: str) -> None:
    connection.execute(delete(routes).where(routes.c.id == route_id))


def remove_of_receiver(connection: Connection, receiver_id: str) -> None:
    connection.execute(delete(routes).where(routes.c.receiver_id == receiver_id))


def _read(row: Row[Any]) -> Route:
    found = {column.name: row._mapping[column.name] for column in routes.c}
    for name in ("severities", "classes", "groups"):
        found[name] = tuple(found[name])
    return Route(**found)
