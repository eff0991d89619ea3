"""Commands, their tasks and output, who approved them, and what may be asked twice."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)
POLICED = ("commands", "tasks", "outputs", "approvals", "policies", "replays")
CALLED = "current_setting('hyperion.organisation', true)"


def upgrade() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("passing", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("via", sa.String(40), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("order", sa.JSON, nullable=False),
        sa.Column("stdin", sa.LargeBinary),
        sa.Column("selection", sa.JSON, nullable=False),
        sa.Column("targets", sa.Integer, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("batch", sa.String(10), nullable=False),
        sa.Column("batch_wait", sa.Integer, nullable=False),
        sa.Column("max_failures", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("not_before", TIME),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("canceled_by", sa.String(40), nullable=False),
        sa.Column("pieces", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_commands_organisation_id", "commands", ["organisation_id", "created_at"])
    op.create_index("ix_commands_state", "commands", ["state"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        _command(),
        sa.Column("machine_id", sa.String(40), sa.ForeignKey("machines.id"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("worker_id", sa.String(40)),
        sa.Column("lease_until", TIME),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("code", sa.Integer),
        sa.Column("signal", sa.String(20), nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("stdout_size", sa.BigInteger, nullable=False),
        sa.Column("stderr_size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_index("ix_tasks_command_id", "tasks", ["command_id", "place"])
    op.create_index("ix_tasks_machine_id", "tasks", ["machine_id"])
    op.create_index("ix_tasks_state", "tasks", ["state"])
    op.create_table(
        "outputs",
        sa.Column("task_id", sa.String(40), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("stream", sa.String(6), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        _organisation(),
        sa.Column("command_id", sa.String(40), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_outputs_command_id", "outputs", ["command_id", "number"])
    op.create_table(
        "approvals",
        sa.Column("command_id", sa.String(40), sa.ForeignKey("commands.id"), primary_key=True),
        _organisation(),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(40), primary_key=True),
        _organisation(),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("effect", sa.String(10), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_policies_organisation_id", "policies", ["organisation_id"])
    op.create_table(
        "replays",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("organisation_id", sa.String(40), sa.ForeignKey("organisations.id")),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("answer", sa.LargeBinary),
    )
    op.create_index("ix_replays_created_at", "replays", ["created_at"])
    if op.get_bind().dialect.name == "postgresql":
        _confine()


def _organisation() -> sa.Column[str]:
    owner = sa.ForeignKey("organisations.id")
    return sa.Column("organisation_id", sa.String(40), owner, nullable=False)


def _command() -> sa.Column[str]:
    return sa.Column("command_id", sa.String(40), sa.ForeignKey("commands.id"), nullable=False)


def _confine() -> None:
    """As in 0004."""
    for table in POLICED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organisation ON {table}"
            f" USING (organisation_id = {CALLED} OR {CALLED} = '*')"
        )
