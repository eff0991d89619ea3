"""The machines of an organisation: groups, addresses, maintenances."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
LIVING = sa.text("deleted_at IS NULL")
POLICED = ("groups", "machines", "addresses", "maintenances")
CALLED = "current_setting('hyperion.organisation', true)"


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("colour", sa.String(7), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_groups_name", "groups", ["organisation_id", "name"], unique=True)
    op.create_table(
        "machines",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("hostname", sa.String(253), nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("ssh_port", sa.Integer, nullable=False),
        sa.Column("ssh_user", sa.String(32), nullable=False),
        sa.Column("group_id", sa.String(40), sa.ForeignKey("groups.id")),
        sa.Column("owner_id", sa.String(40)),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.Column("host_key", sa.Text, nullable=False),
        sa.Column("host_key_offered", sa.Text, nullable=False),
        sa.Column("seen_at", TIME),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("scrape_seconds", sa.Integer, nullable=False),
        sa.Column("maintenance_until", TIME),
        sa.Column("session_id", sa.String(40)),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_machines_group_id", "machines", ["group_id"])
    op.create_index(
        "ix_machines_name",
        "machines",
        ["organisation_id", "name"],
        unique=True,
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    )
    op.create_table(
        "addresses",
        _organisation(primary_key=True),
        sa.Column("address", sa.String(45), primary_key=True),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index("ix_addresses_machine_id", "addresses", ["machine_id"])
    op.create_table(
        "maintenances",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id"), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("begun_by", sa.String(40), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("silenced_until", TIME),
    )
    op.create_index("ix_maintenances_machine_id", "maintenances", ["machine_id", "begun_at"])
    op.create_index("ix_maintenances_until", "maintenances", ["until"])
    if op.get_bind().dialect.name == "postgresql":
        _confine()


def _organisation(*, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey("organisations.id")
    return sa.Column(
        "organisation_id", sa.String(40), owner, primary_key=primary_key, nullable=False
    )


def _confine() -> None:
    """As in 0004."""
    for table in POLICED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organisation ON {table}"
            f" USING (organisation_id = {CALLED} OR {CALLED} = '*')"
        )
