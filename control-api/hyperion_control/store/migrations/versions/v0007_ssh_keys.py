"""SSH keys, and by which way each machine is reached."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

CALLED = "current_setting('hyperion.organisation', true)"
# In words, because Alembic refuses to give a table of SQLite a column that refers to another.
WAYS = (
    "ssh_key_id VARCHAR(40) REFERENCES ssh_keys (id)",
    "jump_id VARCHAR(40) REFERENCES machines (id)",
    "runner VARCHAR(5) NOT NULL DEFAULT 'ssh'",
)


def upgrade() -> None:
    owner = sa.ForeignKey("organisations.id")
    op.create_table(
        "ssh_keys",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("organisation_id", sa.String(40), owner, nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("private", sa.LargeBinary, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_ssh_keys_name", "ssh_keys", ["organisation_id", "name"], unique=True)
    for way in WAYS:
        op.execute(f"ALTER TABLE machines ADD COLUMN {way}")
    if op.get_bind().dialect.name == "postgresql":
        _confine()


def _confine() -> None:
    """As in 0004."""
    op.execute("ALTER TABLE ssh_keys ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE ssh_keys FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_organisation ON ssh_keys"
        f" USING (organisation_id = {CALLED} OR {CALLED} = '*')"
    )
