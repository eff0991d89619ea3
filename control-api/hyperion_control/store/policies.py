"""The table of policies: which commands each role may run in an organisation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
)

from hyperion_control.domain.policies import Effect, Rule
from hyperion_control.domain.roles import Role
from hyperion_control.store.tables import UtcTime, catalogue

policies = Table(
    "policies",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column(
        "organisation_id", String(40), ForeignKey("organisations.id"), nullable=False, index=True
    ),
    Column("role", String(10), nullable=False),
    Column("effect", String(10), nullable=False),
    Column("words", JSON, nullable=False),  # patterns, one for each word
    Column("note", String(200), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Policy:
    id: str
    organisation_id: str
    role: Role
    effect: Effect
    words: tuple[str, ...]
    note: str
    created_by: str
    created_at: datetime


def add(connection: Connection, policy: Policy) -> None:
    row = {**vars(policy), "role": str(policy.role), "words": list(policy.words)}
    connection.execute(insert(policies).values(row))


def get(connection: Connection, organisation_id: str, policy_id: str) -> Policy | None:
    mine = policies.c.organisation_id == organisation_id, policies.c.id == policy_id
    row = connection.execute(select(policies).where(*mine)).one_or_none()
    return _read(row) if row else None


def page(connection: Connection, organisation_id: str, after: str, limit: int) -> list[Policy]:
    mine = policies.c.organisation_id == organisation_id, policies.c.id > after
    wanted = select(policies).where(*mine).order_by(policies.c.id).limit(limit)
    return [_read(row) for row in connection.execute(wanted)]


def rules(connection: Connection, organisation_id: str, role: Role) -> list[Rule]:
    mine = policies.c.organisation_id == organisation_id, policies.c.role == str(role)
    found = connection.execute(select(policies).where(*mine).order_by(policies.c.id))
    return [Rule(row.id, Effect(row.effect), tuple(row.words)) for row in found]


def remove(connection: Connection, policy_id: str) -> None:
    connection.execute(delete(policies).where(policies.c.id == policy_id))


def _read(row: Row[Any]) -> Policy:
    kept = {"role": Role.parse(row.role), "effect": Effect(row.effect), "words": tuple(row.words)}
    return Policy(**{**row._mapping, **kept})
