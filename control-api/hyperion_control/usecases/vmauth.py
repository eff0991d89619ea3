"""vmauth's configuration, which follows the organisations; each one's token is a file beside it."""

import secrets
from pathlib import Path

import yaml

from hyperion_control.channels.http import Unanswered
from hyperion_control.domain import vmauth as rules
from hyperion_control.domain.vmauth import Tenant
from hyperion_control.store import organisations
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.whole_files import SECRET, put

# vmauth is another user of our group.
FOLDER = 0o750


def keep(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    apply(parts)


def apply(parts: Parts) -> None:
    """vmauth looks into the file every few seconds, and goes on as it was if it takes it not."""
    file = parts.settings.vmauth_config
    if file is None:
        return
    try:
        put(file, _text(parts, file.parent / "tokens"), SECRET)
    except OSError as fault:
        said = f"cannot write {fault.filename or file}: {fault.strerror}"
        raise Unanswered(said) from fault


def _text(parts: Parts, tokens: Path) -> str:
    tokens.mkdir(mode=FOLDER, exist_ok=True)
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        found = organisations.all_of(connection)
    tenants = [Tenant(each.id, each.name, _token(tokens / each.id)) for each in found]
    operators = _token(tokens / "operators")
    return yaml.safe_dump(rules.rendered(parts.settings.prometheus_url, operators, tenants))


def _token(file: Path) -> str:
    """Made when there is none, so that who takes the file away gets another."""
    known = file.read_text().strip() if file.exists() else ""
    if not known:
        put(file, secrets.token_urlsafe(32), SECRET)
    return known or file.read_text()
