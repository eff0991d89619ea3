"""The table of users: people, once each, in however many organisations."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table

from hyperion_control.store.tables import UtcTime, catalogue

users = Table(
    "users",
    catalogue,
    # A contract asks for an integer; it is never used twice.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("username", String(64), nullable=False, unique=True),  # folded, see domain/usernames
    Column("email", String(254), unique=True),
    Column("name", String(100), nullable=False),
    Column("language", String(5), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("platform_admin", Boolean, nullable=False),
    Column("password_hash", String(200)),
    # The one that somebody else has seen: good for one login, in which it is replaced.
    Column("password_once", Boolean, nullable=False),
    Column("totp_seed", LargeBinary),  # sealed
    Column("totp_pending", LargeBinary),  # sealed; shown as a QR, not confirmed by a code yet
    Column("totp_step", BigInteger, nullable=False),  # of the last code that was taken
    Column("consented_at", UtcTime),
    Column("consent_revoked_at", UtcTime),
    Column("sessions_per_day", Integer, nullable=False),
    Column("disabled_at", UtcTime),
    Column("erased_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_autoincrement=True,
)
