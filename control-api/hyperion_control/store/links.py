"""The table of one-use links: to join an organisation, to choose a password."""

from sqlalchemy import Column, ForeignKey, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

links = Table(
    "links",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("purpose", String(10), nullable=False),  # invitation, password
    Column("user_id", String(40), ForeignKey("users.id"), index=True),  # whose password
    Column("organisation_id", String(40), ForeignKey("organisations.id"), index=True),
    Column("role", String(10)),
    Column("email", String(254)),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)
