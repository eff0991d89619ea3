"""Alertmanager keeps quiet about a machine exactly as long as somebody works on it."""

from datetime import datetime

from hyperion_control.channels import alertmanager
from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.store import maintenances
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.maintenances import Unsilenced
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts


def keep(parts: Parts, _worker: Worker) -> None:
    """A chore: tell Alertmanager what it could not be told at once."""
    _keep(parts)


def keep_one(parts: Parts, maintenance_id: str) -> str:
    """Why Alertmanager does not know of it yet; empty: it does."""
    try:
        _keep(parts, maintenance_id)
    except Unanswered as fault:
        return str(fault)
    return ""


def _keep(parts: Parts, maintenance_id: str = "") -> None:
    now, faults = parts.clock(), []
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        late = maintenances.unsilenced(connection, now, maintenance_id)
    known = alertmanager.silences(parts.settings.alertmanager_url) if late else {}
    for each in late:
        try:
            _tell(parts.settings.alertmanager_url, each, known, now)
        except Rejected as fault:  # this one; the others are told all the same
            faults.append(fault)
            continue
        with parts.database.writing(each.maintenance.organisation_id) as connection:
            maintenances.mark_silenced(connection, each.maintenance.id, each.maintenance.end)
    if faults:
        raise faults[0]


def _tell(url: str, late: Unsilenced, known: dict[str, list[str]], now: datetime) -> None:
    maintenance = late.maintenance
    maker = f"hyperion {maintenance.id}"
    mine = known.get(maker, [])
    if maintenance.end <= now:
        for silence_id in mine:
            alertmanager.expire(url, silence_id)
        return
    labels = {"org": late.org, "machine": late.machine}
    alertmanager.silence(
        url, maker, labels, now, maintenance.end, maintenance.reason, known=next(iter(mine), "")
    )
