"""The table of receivers: the channels by which an organisation is told of its alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

receivers = Table(
    "receivers",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(63), nullable=False),
    Column("kind", String(10), nullable=False),  # slack, discord, teams, mail, webhook
    Column("address", LargeBinary, nullable=False),  # sealed
    Column("place", String(300), nullable=False),  # of the address what is no secret
    Column("enabled", Boolean, nullable=False),
    Column("fault", String(300), nullable=False),  # why it could not be told the last time
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_receivers_name", "organisation_id", "name", unique=True),
)


@dataclass(frozen=True)
class Receiver:
    id: str
    organisation_id: str
    name: str
    kind: str
    address: bytes = field(repr=False)
    place: str
    created_at: datetime
    enabled: bool = True
    fault: str = ""
    version: int = 1


def get(connection: Connection, organisation_id: str, receiver_id: str) -> Receiver | None:
    return _one(connection, organisation_id, receivers.c.id == receiver_id)


def find(connection: Connection, receiver_id: str) -> Receiver | None:
    """Of whichever organisation."""
    row = connection.execute(select(receivers).where(receivers.c.id == receiver_id)).one_or_none()
    return Receiver(**row._mapping) if row else None


def named(connection: Connection, organisation_id: str, name: str) -> Receiver | None:
    return _one(connection, organisation_id, receivers.c.name == name)


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[Receiver]:
    wanted = select(receivers).where(receivers.c.organisation_id == organisation_id)
    wanted = wanted.where(receivers.c.name > after).order_by(receivers.c.name).limit(limit)
    return [Receiver(**row._mapping) for row in connection.execute(wanted)]


def add(connection: Connection, receiver: Receiver) -> None:
    connection.execute(insert(receivers).values(vars(receiver)))


def change(
    connection: Connection, receiver_id: str, values: Mapping[str, Any], version: int | None
) -> bool:
    """False when the receiver is gone or not at this version any more."""
    wanted = update(receivers).where(receivers.c.id == receiver_id)
    if version is not None:
        wanted = wanted.where(receivers.c.version == version)
    changed = connection.execute(wanted.values(**values, version=receivers.c.version + 1))
    return changed.rowcount == 1


def set_fault(connection: Connection, receiver_id: str, fault: str) -> None:
    wanted = update(receivers).where(
        receivers.c.id == receiver_id, receivers.c.fault != fault[:300]
    )
    connection.execute(wanted.values(fault=fault[:300]))


def remove(connection: Connection, receiver_id: str) -> None:
    connection.execute(delete(receivers).where(receivers.c.id == receiver_id))


def _one(connection: Connection, organisation_id: str, wanted: Any) -> Receiver | None:
    found = select(receivers).where(receivers.c.organisation_id == organisation_id, wanted)
    row = connection.execute(found).one_or_none()
    return Receiver(**row._mapping) if row else None
