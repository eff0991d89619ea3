"""The table of profile photos, as we encoded them."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
)

from hyperion_control.store.tables import UtcTime, catalogue

photos = Table(
    "photos",
    catalogue,
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True),
    Column("image", LargeBinary, nullable=False),  # always JPEG
    Column("updated_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Photo:
    user_id: str
    image: bytes = field(repr=False)
    updated_at: datetime


def get(connection: Connection, user_id: str) -> Photo | None:
    row = connection.execute(select(photos).where(photos.c.user_id == user_id)).one_or_none()
    return Photo(**row._mapping) if row else None


def put(connection: Connection, photo: Photo) -> None:
    remove(connection, photo.user_id)
    connection.execute(insert(photos).values(vars(photo)))


def remove(connection: Connection, user_id: str) -> None:
    connection.execute(delete(photos).where(photos.c.user_id == user_id))
