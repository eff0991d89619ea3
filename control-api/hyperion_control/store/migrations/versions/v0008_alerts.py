"""Alerts that were received, and who is told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
POLICED = ("alerts", "receivers", "routes", "notifications")
CALLED = "current_setting('hyperion.organisation', true)"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("machine", sa.String(63), nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("annotations", sa.JSON, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
    )
    same = ["organisation_id", "fingerprint", "starts_at"]
    op.create_index("ix_alerts_same", "alerts", same, unique=True)
    op.create_index("ix_alerts_starts_at", "alerts", ["organisation_id", "starts_at"])
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("alarmed_at", TIME),
    )
    op.create_table(
        "receivers",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.String(300), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("fault", sa.String(300), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_receivers_name", "receivers", ["organisation_id", "name"], unique=True)
    op.create_table(
        "routes",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("receiver_id", sa.String(40), sa.ForeignKey("receivers.id"), nullable=False),
        sa.Column("severities", sa.JSON, nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("quiet", sa.String(80), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_routes_receiver_id", "routes", ["receiver_id"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("organisation_id", sa.String(40), sa.ForeignKey("organisations.id")),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(300), nullable=False),
    )
    op.create_index("ix_notifications_due_at", "notifications", ["due_at"])
    op.create_index("ix_notifications_key", "notifications", ["key", "created_at"])
    if op.get_bind().dialect.name == "postgresql":
        _confine()


def _organisation() -> sa.Column[str]:
    owner = sa.ForeignKey("organisations.id")
    return sa.Column("organisation_id", sa.String(40), owner, nullable=False)


def _confine() -> None:
    """As in 0004."""
    for table in POLICED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organisation ON {table}"
            f" USING (organisation_id = {CALLED} OR {CALLED} = '*')"
        )
