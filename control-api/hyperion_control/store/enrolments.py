"""The table of enrolments: tokens by which machines come in, each for so many and so long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

enrolments = Table(
    "enrolments",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("machine_id", String(40), ForeignKey("machines.id")),  # empty: for new ones
    Column("labels", JSON, nullable=False),  # of the machines that it brings
    Column("addresses", JSON, nullable=False),  # list of networks; empty: from anywhere
    Column("uses", Integer, nullable=False),  # how often it is good
    Column("used", Integer, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Index("ix_enrolments_organisation_id", "organisation_id"),
)

SHOWN = [column for column in enrolments.c if column.name != "secret_hash"]


@dataclass(frozen=True)
class Enrolment:
    id: str
    organisation_id: str
    machine_id: str | None
    labels: Mapping[str, str]
    addresses: tuple[str, ...]
    uses: int
    created_by: str
    created_at: datetime
    expires_at: datetime
    used: int = 0
    revoked_at: datetime | None = None


def add(connection: Connection, enrolment: Enrolment, secret_hash: str) -> None:
    row = {**vars(enrolment), "addresses": list(enrolment.addresses)}
    connection.execute(insert(enrolments).values(**row, secret_hash=secret_hash))


def present(connection: Connection, secret_hash: str) -> Enrolment | None:
    """By its secret; whether it is good is not asked here."""
    wanted = select(*SHOWN).where(enrolments.c.secret_hash == secret_hash)
    row = connection.execute(wanted).one_or_none()
    return _read(row) if row else None


def get(connection: Connection, organisation_id: str, enrolment_id: str) -> Enrolment | None:
    mine = enrolments.c.organisation_id == organisation_id, enrolments.c.id == enrolment_id
    row = connection.execute(select(*SHOWN).where(*mine)).one_or_none()
    return _read(row) if row else None


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[Enrolment]:
    mine = enrolments.c.organisation_id == organisation_id, enrolments.c.id > after
    wanted = select(*SHOWN).where(*mine).order_by(enrolments.c.id).limit(limit)
    return [_read(row) for row in connection.execute(wanted)]


def use(connection: Connection, enrolment_id: str) -> bool:
    """False when it is used up or revoked: two at once are not one too many."""
    good = enrolments.c.used < enrolments.c.uses, enrolments.c.revoked_at.is_(None)
    wanted = update(enrolments).where(enrolments.c.id == enrolment_id, *good)
    return connection.execute(wanted.values(used=enrolments.c.used + 1)).rowcount == 1


def revoke(connection: Connection, enrolment_id: str, now: datetime) -> None:
    still = enrolments.c.id == enrolment_id, enrolments.c.revoked_at.is_(None)
    connection.execute(update(enrolments).where(*still).values(revoked_at=now))


def _read(row: Row[Any]) -> Enrolment:
    return Enrolment(**{**row._mapping, "addresses": tuple(row.addresses)})
