"""The table of recovery codes: ten for each user, each good once."""

from sqlalchemy import Column, ForeignKey, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

recovery_codes = Table(
    "recovery_codes",
    catalogue,
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used_at", UtcTime),
)
