"""The table of SSH keys: what we log in to machines with, each sealed for its row."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from hyperion_control.store.tables import UtcTime, catalogue

ssh_keys = Table(
    "ssh_keys",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(63), nullable=False),
    Column("public", Text, nullable=False),
    Column("private", LargeBinary, nullable=False),  # sealed
    Column("certificate", Text, nullable=False),  # empty: none
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_ssh_keys_name", "organisation_id", "name", unique=True),
)


@dataclass(frozen=True)
class SshKey:
    id: str
    organisation_id: str
    name: str
    public: str
    private: bytes = field(repr=False)
    created_by: str
    created_at: datetime
    certificate: str = ""


def context(key_id: str) -> str:
    """What the private half is sealed for."""
    return f"{ssh_keys.c.private}:{key_id}"


def get(connection: Connection, organisation_id: str, key_id: str) -> SshKey | None:
    return _one(connection, organisation_id, ssh_keys.c.id == key_id)


def named(connection: Connection, organisation_id: str, name: str) -> SshKey | None:
    return _one(connection, organisation_id, ssh_keys.c.name == name)


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[SshKey]:
    wanted = select(ssh_keys).where(ssh_keys.c.organisation_id == organisation_id)
    wanted = wanted.where(ssh_keys.c.name > after).order_by(ssh_keys.c.name).limit(limit)
    return [SshKey(**row._mapping) for row in connection.execute(wanted)]


def add(connection: Connection, key: SshKey) -> None:
    connection.execute(insert(ssh_keys).values(vars(key)))


def certify(connection: Connection, key_id: str, certificate: str) -> None:
    wanted = update(ssh_keys).where(ssh_keys.c.id == key_id)
    connection.execute(wanted.values(certificate=certificate))


def remove(connection: Connection, key_id: str) -> None:
    connection.execute(delete(ssh_keys).where(ssh_keys.c.id == key_id))


def _one(connection: Connection, organisation_id: str, wanted: Any) -> SshKey | None:
    found = select(ssh_keys).where(ssh_keys.c.organisation_id == organisation_id, wanted)
    row = connection.execute(found).one_or_none()
    return SshKey(**row._mapping) if row else None
