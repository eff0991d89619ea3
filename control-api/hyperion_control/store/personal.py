"""All that is kept of one person, over all tables: to be shown to them, and to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, delete, func, or_, select, update

from hyperion_control.store.attempts import attempts
from hyperion_control.store.challenges import challenges
from hyperion_control.store.links import links
from hyperion_control.store.logins import logins
from hyperion_control.store.memberships import memberships
from hyperion_control.store.photos import photos
from hyperion_control.store.records import records
from hyperion_control.store.recovery_codes import recovery_codes
from hyperion_control.store.tokens import tokens
from hyperion_control.store.users import users

# Whose each row is; what is erased with the person.
OWNED: tuple[Column[Any], ...] = (
    attempts.c.account,
    challenges.c.user_id,
    links.c.user_id,
    logins.c.user_id,
    memberships.c.user_id,
    photos.c.user_id,
    recovery_codes.c.user_id,
    tokens.c.user_id,
)
# Of no use to the person, and of use to who steals the copy.
SECRET = ("hash", "secret_hash", "previous_hash", "password_hash", "totp_seed", "totp_pending")
# The audit is never changed; it holds no more of a person than the id.
MOST_RECORDS = 10_000

Row = Mapping[str, Any]


def rows(connection: Connection, user_id: str) -> dict[str, list[Row]]:
    """By table; of the records the newest."""
    mine = or_(records.c.actor_id == user_id, records.c.target == user_id)
    newest = select(records).where(mine).order_by(records.c.seq.desc()).limit(MOST_RECORDS)
    return {
        "users": _rows(connection, users.c.id, user_id),
        **{owner.table.name: _rows(connection, owner, user_id) for owner in OWNED},
        "records": [dict(row._mapping) for row in connection.execute(newest)],
    }


def erase(connection: Connection, user_id: str, email: str, left: Row, now: datetime) -> None:
    """`left` is what stands in the user's row from then on."""
    for owner in OWNED:
        connection.execute(delete(owner.table).where(owner == user_id))
    invited = update(links).where(func.lower(links.c.email) == email.lower())
    connection.execute(invited.values(email=None))
    nothing = {column.name: None for column in users.c if column.nullable}
    erased = {**nothing, **left, "disabled_at": now, "erased_at": now}
    gone = update(users).where(users.c.id == user_id)
    connection.execute(gone.values(**erased, version=users.c.version + 1))


def _rows(connection: Connection, owner: Column[Any], user_id: str) -> list[Row]:
    shown = [column for column in owner.table.c if column.name not in SECRET]
    return [
        dict(row._mapping) for row in connection.execute(select(*shown).where(owner == user_id))
    ]
