"""The table of data keys: each wrapped by the master key, which is never in here."""

from sqlalchemy import Column, LargeBinary, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

keys = Table(
    "keys",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
