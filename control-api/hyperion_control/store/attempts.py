"""The table of failed attempts: what the limits against guessing are counted from."""

from sqlalchemy import Column, Index, Integer, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

attempts = Table(
    "attempts",
    catalogue,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("what", String(10), nullable=False),  # password, code, link, token
    # The user's id, or a keyed hash of a name that nobody has.
    Column("account", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_attempts_account", "what", "account", "at"),
    Index("ix_attempts_address", "what", "address", "at"),
    Index("ix_attempts_at", "at"),
)
