"""The table of organisations: everything else belongs to one."""

from sqlalchemy import Column, Integer, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

organisations = Table(
    "organisations",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
)
