"""Alertmanager's configuration, written whole, taken over by it, or put back as it was."""

import fcntl
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from hyperion_control.channels import alertmanager
from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.domain import routes as rules
from hyperion_control.domain.routes import Tenant, Way
from hyperion_control.errors import Refused
from hyperion_control.notifying import Quiet
from hyperion_control.settings import CHECKOUT
from hyperion_control.store import routes
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.routes import Route
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import amtool, own_tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.whole_files import OPEN, SECRET, put

log = logging.getLogger(__name__)

BASE = CHECKOUT / "alertmanager"
LOCAL = ("127.0.0.1", "::1", "localhost")
# Alertmanager may be another user of our group.
FOLDER = 0o750


def keep(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    apply(parts)


def apply_now(parts: Parts) -> str:
    """Why Alertmanager does not follow yet; empty: it does, or somebody else sets it up."""
    try:
        apply(parts)
    except Refused as fault:
        return str(fault)
    return ""


def apply(parts: Parts) -> None:
    file = parts.settings.notifying.alertmanager_config
    if file is None:
        return
    try:
        with _alone(file.parent):
            _write_beside(parts, file.parent)
            _take_over(parts, file, _text(parts, file.parent))
    except OSError as fault:
        said = f"cannot write {fault.filename or file}: {fault.strerror}"
        raise Unanswered(said) from fault


def tenants(parts: Parts) -> list[Tenant]:
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        found = routes.switched_on(connection)
    ways: dict[str, list[Way]] = {}
    for org, route in found:
        ways.setdefault(org, []).append(_way(route))
    return [Tenant(org, tuple(each)) for org, each in ways.items()]


def _way(route: Route) -> Way:
    quiet = Quiet.parse(route.quiet) if route.quiet else None
    severities = tuple(each for each in rules.SEVERITIES if each in route.severities)
    return Way(route.receiver_id, severities, route.classes, route.groups, route.labels, quiet)


def _text(parts: Parts, folder: Path) -> str:
    base, settings = yaml.safe_load((BASE / "alertmanager.yml").read_text()), parts.settings
    # Who listens on loopback alone is reached there alone.
    local = settings.listen.host in LOCAL
    api = f"http://{settings.listen}" if local else rules.BASE_API
    config = rules.rendered(base, str(folder), api, settings.notifying, tenants(parts))
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def _take_over(parts: Parts, file: Path, text: str) -> None:
    loaded, mark = file.with_name(".loaded"), hashlib.sha256(text.encode()).hexdigest()
    before = file.read_text() if file.exists() else ""
    if before == text and loaded.exists() and loaded.read_text() == mark:
        return
    checker = _amtool(parts)
    if checker and before != text:
        amtool.check(checker, file, text)
    put(file, text, OPEN)
    try:
        alertmanager.reload(parts.settings.alertmanager_url)
    except Rejected:
        # So that it also starts again; what it runs with is still the one before.
        put(file, before, OPEN)
        raise
    put(loaded, mark, OPEN)
    missing = ", ".join(rules.left_out(parts.settings.notifying))
    log.info(
        "Alertmanager took its configuration; amtool: %s; left out: %s",
        checker or "none (HYPERION_AMTOOL)",
        missing or "nothing",
    )


def _amtool(parts: Parts) -> Path | None:
    """Without one, Alertmanager itself is the first to look."""
    named = parts.settings.notifying.amtool
    return named if named and named.exists() else None


def _write_beside(parts: Parts, folder: Path) -> None:
    """Secrets, and the templates, so that the folder is all that Alertmanager needs."""
    secrets, settings = folder / "secrets", parts.settings.notifying
    secrets.mkdir(mode=FOLDER, exist_ok=True)
    _put_secret(secrets / "slack_url", settings.slack_url)
    _put_secret(secrets / "smtp_password", settings.smtp.password if settings.smtp else "")
    own_tokens.keep(parts, own_tokens.ALERTMANAGER, secrets / "bridge_token")
    (folder / "templates").mkdir(exist_ok=True)
    for template in (BASE / "templates").glob("*.tmpl"):
        put(folder / "templates" / template.name, template.read_text(), OPEN)


def _put_secret(file: Path, text: str) -> None:
    if text:
        put(file, text, SECRET)
    else:
        file.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """API and worker write it, each when it must."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
