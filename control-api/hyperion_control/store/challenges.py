"""The table of challenges: the password was right, a code is awaited."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

challenges = Table(
    "challenges",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # browser, api
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
)
