"""The table of organisations: everything else belongs to one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select, update

from hyperion_control.store.tables import UtcTime, catalogue

organisations = Table(
    "organisations",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
)


@dataclass(frozen=True)
class Organisation:
    id: str
    name: str
    created_at: datetime
    version: int = 1


def get(connection: Connection, organisation_id: str) -> Organisation | None:
    wanted = select(organisations).where(organisations.c.id == organisation_id)
    row = connection.execute(wanted).one_or_none()
    return Organisation(**row._mapping) if row else None


def named(connection: Connection, name: str) -> Organisation | None:
    wanted = select(organisations).where(organisations.c.name == name)
    row = connection.execute(wanted).one_or_none()
    return Organisation(**row._mapping) if row else None


def add(connection: Connection, organisation: Organisation) -> None:
    connection.execute(insert(organisations).values(vars(organisation)))


def rename(connection: Connection, organisation_id: str, name: str, version: int | None) -> bool:
    """False when the organisation is gone or not at this version any more."""
    wanted = update(organisations).where(organisations.c.id == organisation_id)
    if version is not None:
        wanted = wanted.where(organisations.c.version == version)
    changed = connection.execute(wanted.values(name=name, version=organisations.c.version + 1))
    return changed.rowcount == 1


def page(connection: Connection, after: str, limit: int) -> list[Organisation]:
    wanted = select(organisations).where(organisations.c.name > after)
    rows = connection.execute(wanted.order_by(organisations.c.name).limit(limit))
    return [Organisation(**row._mapping) for row in rows]


def all_of(connection: Connection) -> list[Organisation]:
    rows = connection.execute(select(organisations).order_by(organisations.c.id))
    return [Organisation(**row._mapping) for row in rows]
