"""The table of notifications: what people are still to be told, and what they were."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
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

notifications = Table(
    "notifications",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id")),  # empty: the platform's
    # A receiver's id, a channel of who runs Hyperion, or the letter to write to somebody.
    Column("channel", String(40), nullable=False),
    Column("content", JSON, nullable=False),
    Column("key", String(64), nullable=False),  # the same for what is told again by mistake
    Column("created_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),  # empty: it was told, or given up
    Column("tries", Integer, nullable=False),
    Column("fault", String(300), nullable=False),  # why it could not be told the last time
    Index("ix_notifications_due_at", "due_at"),
    Index("ix_notifications_key", "key", "created_at"),
)


@dataclass(frozen=True)
class Notification:
    id: str
    organisation_id: str | None
    channel: str
    content: Mapping[str, Any] = field(repr=False)
    key: str
    created_at: datetime
    due_at: datetime | None
    tries: int = 0
    fault: str = ""


def told_since(connection: Connection, key: str, since: datetime) -> bool:
    wanted = select(notifications.c.id).where(
        notifications.c.key == key, notifications.c.created_at > since
    )
    return connection.execute(wanted.limit(1)).one_or_none() is not None


def add(connection: Connection, notification: Notification) -> None:
    connection.execute(insert(notifications).values(vars(notification)))


def due(connection: Connection, now: datetime, limit: int) -> list[Notification]:
    """Those that wait for longest first, one for each channel."""
    wanted = select(notifications).where(notifications.c.due_at <= now)
    rows = connection.execute(wanted.order_by(notifications.c.due_at).limit(limit * limit))
    first: dict[str, Notification] = {}
    for row in rows:
        first.setdefault(row.channel, Notification(**row._mapping))
    return list(first.values())[:limit]


def claim(connection: Connection, found: Notification, until: datetime) -> bool:
    """False when another worker has it; who dies with it loses it at `until`."""
    mine = notifications.c.id == found.id, notifications.c.due_at == found.due_at
    wanted = update(notifications).where(*mine)
    values = {"due_at": until, "tries": notifications.c.tries + 1}
    return connection.execute(wanted.values(values)).rowcount == 1


def settle(
    connection: Connection, notification_id: str, due_at: datetime | None, fault: str
) -> None:
    """Told or given up when nothing is due any more."""
    wanted = update(notifications).where(notifications.c.id == notification_id)
    connection.execute(wanted.values(due_at=due_at, fault=fault[:300]))


def forget(connection: Connection, before: datetime) -> None:
    old = notifications.c.created_at < before, notifications.c.due_at.is_(None)
    connection.execute(delete(notifications).where(*old))


def forget_of_channel(connection: Connection, channel: str) -> None:
    connection.execute(delete(notifications).where(notifications.c.channel == channel))
