"""The audit, which the database itself refuses to change."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INDICES = {
    "id": ["id"],
    "at": ["at"],
    "of": ["of"],
    "request_id": ["request_id"],
    "organisation_id": ["organisation_id", "seq"],
    "actor_id": ["actor_id", "seq"],
    "target": ["target", "seq"],
    "session_id": ["session_id", "seq"],
}

ARCHIVED = "EXISTS (SELECT 1 FROM segments WHERE OLD.seq BETWEEN first_seq AND last_seq)"
CHANGED = "the audit is never changed"
GONE = "a record leaves the audit only once it is archived"

LAST_RECORD = "NEW.seq > coalesce((SELECT max(seq) FROM records), 0)"
LAST_SEGMENT = "NEW.first_seq > coalesce((SELECT max(last_seq) FROM segments), 0)"

# INSERT OR REPLACE deletes in SQLite without asking the triggers of DELETE: hence those of INSERT.
SQLITE = (
    ("records_never_change", "UPDATE ON records", "FALSE", CHANGED),
    ("records_stay", "DELETE ON records", ARCHIVED, GONE),
    ("records_come_last", "INSERT ON records", LAST_RECORD, CHANGED),
    ("segments_never_change", "UPDATE ON segments", "FALSE", CHANGED),
    ("segments_stay", "DELETE ON segments", "FALSE", CHANGED),
    ("segments_come_last", "INSERT ON segments", LAST_SEGMENT, CHANGED),
)

REFUSE = f"BEGIN RAISE EXCEPTION '{CHANGED}'; END"
POSTGRESQL = (
    f"CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ {REFUSE} $$",
    "CREATE FUNCTION records_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF {ARCHIVED} THEN RETURN OLD; END IF; RAISE EXCEPTION '{GONE}'; END $$",
    "CREATE TRIGGER records_never_change BEFORE UPDATE OR TRUNCATE ON records"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    "CREATE TRIGGER records_stay BEFORE DELETE ON records"
    " FOR EACH ROW EXECUTE FUNCTION records_stay()",
    "CREATE TRIGGER segments_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON segments"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
)


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("organisation_hashes", sa.Text, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "records",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("organisation_id", sa.String(40)),
        sa.Column("phase", sa.String(10), nullable=False),
        sa.Column("of", sa.String(40), nullable=False),
        sa.Column("actor_id", sa.String(40), nullable=False),
        sa.Column("via", sa.String(40), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("organisation_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    for name, columns in INDICES.items():
        op.create_index(f"ix_records_{name}", "records", columns)
    if op.get_bind().dialect.name == "sqlite":
        for name, what, allowed, said in SQLITE:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {what} WHEN NOT ({allowed})"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
    else:
        for statement in POSTGRESQL:
            op.execute(statement)
