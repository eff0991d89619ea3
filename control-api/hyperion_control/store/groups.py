"""The table of groups: coloured sets of machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

groups = Table(
    "groups",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(63), nullable=False),
    Column("colour", String(7), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_groups_name", "organisation_id", "name", unique=True),
)


@dataclass(frozen=True)
class Group:
    id: str
    organisation_id: str
    name: str
    colour: str
    created_at: datetime
    version: int = 1


def get(connection: Connection, organisation_id: str, group_id: str) -> Group | None:
    return _one(connection, organisation_id, groups.c.id == group_id)


def named(connection: Connection, organisation_id: str, name: str) -> Group | None:
    return _one(connection, organisation_id, groups.c.name == name)


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[Group]:
    wanted = select(groups).where(groups.c.organisation_id == organisation_id)
    wanted = wanted.where(groups.c.name > after).order_by(groups.c.name).limit(limit)
    return [Group(**row._mapping) for row in connection.execute(wanted)]


def add(connection: Connection, group: Group) -> None:
    connection.execute(insert(groups).values(vars(group)))


def change(
    connection: Connection, group_id: str, values: Mapping[str, Any], version: int | None
) -> bool:
    """False when the group is gone or not at this version any more."""
    wanted = update(groups).where(groups.c.id == group_id)
    if version is not None:
        wanted = wanted.where(groups.c.version == version)
    changed = connection.execute(wanted.values(**values, version=groups.c.version + 1))
    return changed.rowcount == 1


def remove(connection: Connection, group_id: str) -> None:
    connection.execute(delete(groups).where(groups.c.id == group_id))


def _one(connection: Connection, organisation_id: str, wanted: Any) -> Group | None:
    found = select(groups).where(groups.c.organisation_id == organisation_id, wanted)
    row = connection.execute(found).one_or_none()
    return Group(**row._mapping) if row else None
