"""The table of profile photos, as we encoded them."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

photos = Table(
    "photos",
    catalogue,
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True),
    Column("image", LargeBinary, nullable=False),  # always JPEG
    Column("updated_at", UtcTime, nullable=False),
)
