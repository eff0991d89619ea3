"""The table of workers: who runs chores and when it was last seen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select, update

from hyperion_control.store.tables import UtcTime, catalogue

workers = Table(
    "workers",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, index=True),
)


@dataclass(frozen=True)
class Worker:
    id: str
    name: str
    started_at: datetime


def mark(connection: Connection, worker: Worker, now: datetime) -> None:
    seen = update(workers).where(workers.c.id == worker.id).values(seen_at=now)
    if connection.execute(seen).rowcount == 0:
        row = {
            "id": worker.id,
            "name": worker.name,
            "started_at": worker.started_at,
            "seen_at": now,
        }
        connection.execute(insert(workers).values(row))


def last_seen(connection: Connection) -> datetime | None:
    """When any worker was last seen."""
    found: datetime | None = connection.execute(select(func.max(workers.c.seen_at))).scalar_one()
    return found


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(workers).where(workers.c.seen_at < before))
