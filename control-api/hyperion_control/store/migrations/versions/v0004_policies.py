"""Row policies on PostgreSQL: a query that forgets whose rows it means finds none."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Logins belong to a person, not to an organisation.
POLICED = ("links", "memberships", "records", "tokens")
# What Database.reading and Database.writing were called with; nothing by default.
CALLED = "current_setting('hyperion.organisation', true)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in POLICED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        # The tables' owner, whom the API signs in as, is held back too.
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organisation ON {table}"
            f" USING (organisation_id = {CALLED} OR {CALLED} = '*')"
        )
