"""The table of logins: who is signed in, from where, since when."""

from sqlalchemy import Column, ForeignKey, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

logins = Table(
    "logins",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id")),
    Column("kind", String(10), nullable=False),  # browser, api
    Column("address", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("second_factor_at", UtcTime),  # the last code in this login
    Column("revoked_at", UtcTime),
)
