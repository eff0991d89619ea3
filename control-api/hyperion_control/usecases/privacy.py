"""What people decide about the data we hold of them: consent, a copy, erasure."""

import base64
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids, names
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import NotFound, Stale
from hyperion_control.store import memberships, personal, users
from hyperion_control.store.users import User
from hyperion_control.usecases import charge, proof
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry, moment

PSEUDONYM_LENGTH = 8


def consent(parts: Parts, actor: Actor, *, given: bool) -> None:
    now = parts.clock()
    changes = {"consented_at": now, "consent_revoked_at": None}
    if not given:
        changes = {"consent_revoked_at": now}
    entry = Entry(actor, "consent:give" if given else "consent:revoke", actor.user_id)
    with parts.audit.acting(entry), parts.database.writing("*") as connection:
        users.change(connection, actor.user_id, changes)


def export(parts: Parts, actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """Every row about the person, without secrets, as JSON can say it."""
    parts.audit.note(Entry(actor, "user:export", actor.user_id))
    with parts.database.reading("*") as connection:
        found = personal.rows(connection, actor.user_id)
    return {
        table: [{name: _plain(value) for name, value in row.items()} for row in rows]
        for table, rows in found.items()
    }


def erase_oneself(parts: Parts, actor: Actor, password: str, code: str) -> None:
    proof.both(parts, actor, password, code)
    entry = Entry(actor, "user:erase", actor.user_id)
    with parts.audit.acting(entry), charge.deciding(parts) as connection:
        _erase(connection, parts, _get(connection, actor.user_id))


def erase(parts: Parts, actor: Actor, user_id: str, version: int | None) -> None:
    entry = Entry(actor, "user:erase", user_id)
    with parts.audit.acting(entry), charge.deciding(parts) as connection:
        user = charge.decided_over(connection, actor, user_id)
        if version not in (None, user.version):
            raise Stale("somebody changed this user meanwhile: look again")
        _erase(connection, parts, user)


def _erase(connection: Connection, parts: Parts, user: User) -> None:
    charge.keep_a_platform_admin(connection, user.id)
    for membership in memberships.of_user(connection, user.id):
        # Who is alone in an organisation leaves nobody behind.
        if not memberships.alone(connection, membership.organisation_id, user.id):
            charge.keep_an_admin(connection, membership.organisation_id, user.id)
    left = {
        "username": names.ERASED + _letters(),
        "name": "",
        "language": "en",
        "time_zone": "UTC",
        "platform_admin": False,
        "password_once": False,
        "totp_step": 0,
    }
    personal.erase(connection, user.id, user.email or "", left, parts.clock())


def _letters() -> str:
    return "".join(secrets.choice(ids.ALPHABET) for _ in range(PSEUDONYM_LENGTH))


def _get(connection: Connection, user_id: str) -> User:
    found = users.get(connection, user_id)
    if found is None:
        raise NotFound("there is no such user")
    return found


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
