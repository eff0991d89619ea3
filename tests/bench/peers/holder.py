"""What both peers do: find who holds a login that lives, in one question, and show them."""

import hashlib
import sqlite3
from typing import Any

HOLDER = """
SELECT users.id, number, username, name, email, language, time_zone, role, platform_admin,
    totp_seed IS NOT NULL AS second_factor, sessions_per_day, consented_at, consent_revoked_at,
    disabled_at, users.created_at, memberships.organisation_id,
    memberships.created_at AS joined_at
FROM logins JOIN users ON users.id = logins.user_id
JOIN memberships ON memberships.user_id = users.id
WHERE secret_hash = ? AND revoked_at IS NULL AND disabled_at IS NULL AND erased_at IS NULL
    AND logins.seen_at > datetime('now', '-30 minutes')
    AND logins.created_at > datetime('now', '-12 hours')
"""


def connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.row_factory = sqlite3.Row
    return connection


def holder(connection: sqlite3.Connection, authorization: str) -> dict[str, Any] | None:
    secret = authorization.removeprefix("Bearer ")
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    row = connection.execute(HOLDER, [hashed]).fetchone()
    return None if row is None else shown(dict(row))


def shown(row: dict[str, Any]) -> dict[str, Any]:
    joined = {
        "organisation_id": row["organisation_id"],
        "user_id": row["id"],
        "role": row["role"],
        "created_at": row.pop("joined_at"),
    }
    return {**row, "memberships": [joined], "duties": []}
