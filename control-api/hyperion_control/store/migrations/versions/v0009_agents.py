"""Agents that call home, the tokens they enrol with, and the metrics they bring."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
POLICED = ("enrolments", "agents", "pushes")
CALLED = "current_setting('hyperion.organisation', true)"
LIVING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id")),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("addresses", sa.JSON, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
    )
    op.create_index("ix_enrolments_organisation_id", "enrolments", ["organisation_id"])
    op.create_table(
        "agents",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id"), nullable=False),
        sa.Column("enrolment_id", sa.String(40), sa.ForeignKey("enrolments.id"), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("previous_hash", sa.String(64)),
        sa.Column("previous_until", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("seen_at", TIME),
        sa.Column("foreign_at", TIME),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_index("ix_agents_previous_hash", "agents", ["previous_hash"])
    op.create_index("ix_agents_fingerprint", "agents", ["organisation_id", "fingerprint"])
    op.create_index(
        "ix_agents_machine_id",
        "agents",
        ["machine_id"],
        unique=True,
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    )
    op.create_table(
        "pushes",
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id"), primary_key=True),
        _organisation(),
        sa.Column("pushed_at", TIME, nullable=False),
        sa.Column("page", sa.LargeBinary, nullable=False),
    )
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
