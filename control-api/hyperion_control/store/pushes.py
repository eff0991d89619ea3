"""The table of pushes: of each machine behind an agent the last page of its metrics."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

pushes = Table(
    "pushes",
    catalogue,
    Column("machine_id", String(40), ForeignKey("machines.id"), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("pushed_at", UtcTime, nullable=False),
    Column("page", LargeBinary, nullable=False),  # compressed, as it came
)


# Made once, because to make it costs as much as to ask it.
_RENEW = update(pushes).where(pushes.c.machine_id == bindparam("machine"))


@dataclass(frozen=True)
class Push:
    machine_id: str
    organisation_id: str
    pushed_at: datetime
    page: bytes


def keep(connection: Connection, push: Push) -> None:
    new = {"machine": push.machine_id, "pushed_at": push.pushed_at, "page": push.page}
    if connection.execute(_RENEW, new).rowcount == 0:
        connection.execute(insert(pushes).values(vars(push)))


def get(connection: Connection, machine_id: str) -> Push | None:
    row = connection.execute(select(pushes).where(pushes.c.machine_id == machine_id)).one_or_none()
    return Push(**row._mapping) if row else None
