"""Tokens of the programs beside us, in files: made by us, and renewed before they end."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from hyperion_control.channels.http import Unanswered
from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain import tokens as rules
from hyperion_control.domain.actors import SYSTEM
from hyperion_control.store import logins, organisations, tokens, users
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tokens import Token
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import whole_files
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Program:
    name: str
    scope: str


ALERTMANAGER = Program("Alertmanager", "alerts:write")  # tells us of alerts
PROMETHEUS = Program("Prometheus", "sd:read")  # asks us for its machines


def keep_of_prometheus(parts: Parts, _worker: Worker) -> None:
    """A chore; Prometheus looks into the file each time it asks."""
    file = parts.settings.prometheus_token
    try:
        if file:
            keep(parts, PROMETHEUS, file)
    except OSError as fault:
        raise Unanswered(f"cannot write {fault.filename or file}: {fault.strerror}") from fault


def keep(parts: Parts, program: Program, file: Path) -> None:
    """Without an admin there is none yet whose token it could be."""
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        if _good(parts, connection, file):
            return
        admins = users.platform_admins(connection)
        owner = admins[0] if admins else ""
        place = logins.home_of(connection, owner) or _first(connection)
    if owner and place:
        whole_files.put(file, _make(parts, program, owner, place), whole_files.SECRET)


def _good(parts: Parts, connection: Connection, file: Path) -> bool:
    if not file.exists():
        return False
    now, secret = parts.clock(), file.read_text().strip()
    found = tokens.present(connection, secrets_text.hashed(secret), now)
    if found is None or found.disabled or not found.platform_admin or found.token.revoked_at:
        return False
    return found.token.expires_at > now + RENEW_BEFORE


def _first(connection: Connection) -> str:
    found = organisations.page(connection, "", 1)
    return found[0].id if found else ""


def _make(parts: Parts, program: Program, owner: str, place: str) -> str:
    now, secret = parts.clock(), secrets_text.new(secrets_text.TOKEN)
    token = Token(
        id=ids.new("tok"),
        user_id=owner,
        organisation_id=place,
        name=program.name,
        scopes=(program.scope,),
        machines="",
        addresses=(),
        created_at=now,
        expires_at=now + timedelta(days=rules.MOST_DAYS),
    )
    with (
        parts.audit.acting(Entry(SYSTEM, "token:create", token.id, organisation_id=place)),
        parts.database.writing(place) as connection,
    ):
        tokens.add(connection, token, secrets_text.hashed(secret))
    return secret
