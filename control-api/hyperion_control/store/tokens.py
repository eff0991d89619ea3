"""The table of tokens: what scripts sign in with, for one organisation."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

tokens = Table(
    "tokens",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    # After a rotation the secret before stays good for a while.
    Column("previous_hash", String(64), index=True),
    Column("previous_until", UtcTime),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("scopes", JSON, nullable=False),  # list of names
    Column("machines", String(500), nullable=False),  # a selector; empty: all
    Column("addresses", JSON, nullable=False),  # list of networks; empty: from anywhere
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("last_used_from", String(64)),
    Index("ix_tokens_organisation_id", "organisation_id"),
)
