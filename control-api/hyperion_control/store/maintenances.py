"""The table of maintenances: from when to when a machine was worked on, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.store.machines import machines
from hyperion_control.store.organisations import organisations
from hyperion_control.store.tables import UtcTime, catalogue

maintenances = Table(
    "maintenances",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("machine_id", String(40), ForeignKey("machines.id"), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("begun_by", String(40), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("ended_at", UtcTime),  # before that
    # How long Alertmanager keeps quiet, as far as it has answered; empty: it has not.
    Column("silenced_until", UtcTime),
    Index("ix_maintenances_machine_id", "machine_id", "begun_at"),
    Index("ix_maintenances_until", "until"),
)

_ends_at = func.coalesce(maintenances.c.ended_at, maintenances.c.until)


@dataclass(frozen=True)
class Maintenance:
    id: str
    organisation_id: str
    machine_id: str
    reason: str
    begun_by: str
    begun_at: datetime
    until: datetime
    ended_at: datetime | None = None
    silenced_until: datetime | None = None

    @property
    def end(self) -> datetime:
        return self.ended_at or self.until


@dataclass(frozen=True)
class Unsilenced:
    """A maintenance, and by which labels its machine is known to Alertmanager."""

    maintenance: Maintenance
    org: str
    machine: str


def current(connection: Connection, machine_id: str, now: datetime) -> Maintenance | None:
    open_now = and_(maintenances.c.ended_at.is_(None), maintenances.c.until > now)
    wanted = select(maintenances).where(maintenances.c.machine_id == machine_id, open_now)
    row = connection.execute(wanted).one_or_none()
    return Maintenance(**row._mapping) if row else None


def history(connection: Connection, machine_id: str, limit: int) -> list[Maintenance]:
    """The last ones, the newest first."""
    wanted = select(maintenances).where(maintenances.c.machine_id == machine_id)
    rows = connection.execute(wanted.order_by(maintenances.c.begun_at.desc()).limit(limit))
    return [Maintenance(**row._mapping) for row in rows]


def add(connection: Connection, maintenance: Maintenance) -> None:
    connection.execute(insert(maintenances).values(vars(maintenance)))


def extend(connection: Connection, maintenance_id: str, until: datetime) -> None:
    """Or shorten."""
    wanted = update(maintenances).where(maintenances.c.id == maintenance_id)
    connection.execute(wanted.values(until=until))


def end(connection: Connection, maintenance_id: str, now: datetime) -> None:
    wanted = update(maintenances).where(maintenances.c.id == maintenance_id)
    # One of which we do not know whether Alertmanager took it is looked for all the same.
    silenced = func.coalesce(maintenances.c.silenced_until, maintenances.c.until)
    connection.execute(wanted.values(ended_at=now, silenced_until=silenced))


def unsilenced(connection: Connection, now: datetime, maintenance_id: str = "") -> list[Unsilenced]:
    """Of which Alertmanager does not know the right end yet; empty: all of them."""
    silenced = maintenances.c.silenced_until
    wrong = or_(silenced.is_(None), silenced != _ends_at)
    running, over = and_(_ends_at > now, wrong), and_(_ends_at <= now, silenced > now)
    wanted: Any = (
        select(maintenances, organisations.c.name.label("org"), machines.c.name.label("machine"))
        .join(organisations, organisations.c.id == maintenances.c.organisation_id)
        .join(machines, machines.c.id == maintenances.c.machine_id)
        .where(or_(running, over))
    )
    if maintenance_id:
        wanted = wanted.where(maintenances.c.id == maintenance_id)
    found = []
    for row in connection.execute(wanted):
        values = dict(row._mapping)
        org, machine = values.pop("org"), values.pop("machine")
        found.append(Unsilenced(Maintenance(**values), org, machine))
    return found


def mark_silenced(connection: Connection, maintenance_id: str, until: datetime) -> None:
    wanted = update(maintenances).where(maintenances.c.id == maintenance_id)
    connection.execute(wanted.values(silenced_until=until))


def forget_silence(connection: Connection, machine_id: str, now: datetime) -> None:
    """The machine is called otherwise now."""
    wanted = update(maintenances).where(maintenances.c.machine_id == machine_id, _ends_at > now)
    connection.execute(wanted.values(silenced_until=None))
