"""The table of memberships: which user has which role in which organisation."""

from sqlalchemy import Column, ForeignKey, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

memberships = Table(
    "memberships",
    catalogue,
    Column("organisation_id", String(40), ForeignKey("organisations.id"), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True, index=True),
    Column("role", String(10), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
