"""The table of heartbeats: what is told to us again and again, and whose silence is an alarm."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, insert, select, update

from hyperion_control.store.tables import UtcTime, catalogue

heartbeats = Table(
    "heartbeats",
    catalogue,
    Column("name", String(40), primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
    Column("alarmed_at", UtcTime),  # people were told that it stopped
)


@dataclass(frozen=True)
class Heartbeat:
    name: str
    seen_at: datetime
    alarmed_at: datetime | None = None


def get(connection: Connection, name: str) -> Heartbeat | None:
    row = connection.execute(select(heartbeats).where(heartbeats.c.name == name)).one_or_none()
    return Heartbeat(**row._mapping) if row else None


def mark(connection: Connection, name: str, now: datetime) -> None:
    wanted = update(heartbeats).where(heartbeats.c.name == name).values(seen_at=now)
    if connection.execute(wanted).rowcount == 0:
        connection.execute(insert(heartbeats).values(name=name, seen_at=now))


def set_alarmed(connection: Connection, beat: Heartbeat, now: datetime | None) -> bool:
    """False for all but the first of those who come at once."""
    same = heartbeats.c.alarmed_at.is_(None) if now else heartbeats.c.alarmed_at.is_not(None)
    wanted = update(heartbeats).where(heartbeats.c.name == beat.name, same)
    return connection.execute(wanted.values(alarmed_at=now)).rowcount == 1
