"""The table of alerts: each from when to when, as Alertmanager told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from hyperion_control.domain.alerts import Alert
from hyperion_control.store.tables import UtcTime, catalogue

alerts = Table(
    "alerts",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime),  # empty: it fires
    Column("name", String(200), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("machine", String(63), nullable=False),  # as discovery named it; empty: of none
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Index("ix_alerts_same", "organisation_id", "fingerprint", "starts_at", unique=True),
    Index("ix_alerts_starts_at", "organisation_id", "starts_at"),
)


@dataclass(frozen=True)
class Kept:
    id: str
    organisation_id: str
    alert: Alert
    received_at: datetime


@dataclass(frozen=True)
class Wanted:
    """Of an organisation; what is empty does not matter."""

    firing: bool | None = None
    severity: str = ""
    machine: str = ""
    name: str = ""
    since: datetime | None = None


def known(
    connection: Connection, organisation_id: str, fingerprints: Iterable[str]
) -> dict[tuple[str, datetime], bool]:
    """Whether each of them fires."""
    columns = alerts.c.fingerprint, alerts.c.starts_at, alerts.c.ends_at
    wanted = select(*columns).where(
        alerts.c.organisation_id == organisation_id, alerts.c.fingerprint.in_(set(fingerprints))
    )
    rows = connection.execute(wanted)
    return {(row.fingerprint, row.starts_at): row.ends_at is None for row in rows}


def add(connection: Connection, kept: Sequence[Kept]) -> None:
    if kept:
        connection.execute(insert(alerts), [_row(each) for each in kept])


def renew(connection: Connection, organisation_id: str, changed: Sequence[Alert]) -> None:
    """Those that were known in another state."""
    wanted = update(alerts).where(
        alerts.c.organisation_id == organisation_id,
        alerts.c.fingerprint == bindparam("which"),
        alerts.c.starts_at == bindparam("since"),
    )
    wanted = wanted.values(ends_at=bindparam("end"), annotations=bindparam("said"))
    rows = [
        {"which": a.fingerprint, "since": a.starts_at, "end": a.ends_at, "said": a.annotations}
        for a in changed
    ]
    if rows:
        connection.execute(wanted, rows)


def get(connection: Connection, organisation_id: str, alert_id: str) -> Kept | None:
    wanted = select(alerts).where(alerts.c.organisation_id == organisation_id)
    row = connection.execute(wanted.where(alerts.c.id == alert_id)).one_or_none()
    return _read(row) if row else None


def page(
    connection: Connection,
    organisation_id: str,
    wanted: Wanted,
    machines: Sequence[str] | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Kept]:
    """The newest first; of these machines only, or of all, and what is of none."""
    asked = select(alerts).where(alerts.c.organisation_id == organisation_id, *_conditions(wanted))
    if machines is not None:
        asked = asked.where(alerts.c.machine.in_(machines))
    if after:
        at, last = after
        same = and_(alerts.c.starts_at == at, alerts.c.id > last)
        asked = asked.where(or_(alerts.c.starts_at < at, same))
    asked = asked.order_by(alerts.c.starts_at.desc(), alerts.c.id).limit(limit)
    return [_read(row) for row in connection.execute(asked)]


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(alerts).where(alerts.c.ends_at < before))


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.firing is not None:
        found.append(alerts.c.ends_at.is_(None) if wanted.firing else alerts.c.ends_at.is_not(None))
    if wanted.severity:
        found.append(alerts.c.severity == wanted.severity)
    if wanted.machine:
        found.append(alerts.c.machine == wanted.machine)
    if wanted.name:
        found.append(alerts.c.name == wanted.name)
    if wanted.since:
        # Also what began before and is not over, or ended since.
        found.append(or_(alerts.c.ends_at.is_(None), alerts.c.ends_at >= wanted.since))
    return found


def _row(kept: Kept) -> dict[str, Any]:
    alert = kept.alert
    return {
        "id": kept.id,
        "organisation_id": kept.organisation_id,
        **vars(alert),
        "name": alert.name[:200],
        "severity": alert.severity[:20],
        "machine": alert.machine[:63],
        "received_at": kept.received_at,
    }


def _read(row: Any) -> Kept:
    said = Alert(row.fingerprint, row.labels, row.annotations, row.starts_at, row.ends_at)
    return Kept(row.id, row.organisation_id, said, row.received_at)
