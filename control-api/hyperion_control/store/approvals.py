"""The table of approvals: what a second person decided about a command."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, String, Table, insert, select

from hyperion_control.store.tables import UtcTime, catalogue

approvals = Table(
    "approvals",
    catalogue,
    Column("command_id", String(40), ForeignKey("commands.id"), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("decision", String(10), nullable=False),  # approved, rejected
    Column("hash", String(64), nullable=False),  # of the command, as the person saw it
    Column("user_id", String(40), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Approval:
    command_id: str
    organisation_id: str
    decision: str
    hash: str
    user_id: str
    reason: str
    decided_at: datetime


def add(connection: Connection, approval: Approval) -> None:
    connection.execute(insert(approvals).values(vars(approval)))


def of(connection: Connection, command_ids: Sequence[str]) -> dict[str, Approval]:
    """By command."""
    wanted = select(approvals).where(approvals.c.command_id.in_(command_ids))
    return {row.command_id: Approval(**row._mapping) for row in connection.execute(wanted)}
