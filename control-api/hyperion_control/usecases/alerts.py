"""Alerts that Alertmanager tells of: kept once, and queued for those who are to be told."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import WATCHDOG, Alert, Group
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Invalid, NotFound
from hyperion_control.store import alerts, heartbeats, machines, organisations, users
from hyperion_control.store.alerts import Kept, Wanted
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.notifications import Notification
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import notifications, reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

HEARTBEAT = "heartbeat"  # a receiver of the base
KEPT = timedelta(days=90)

Owned = dict[str, list[Alert]]  # by the id of the organisation


def receive(parts: Parts, actor: Actor, receiver: str, group: Group) -> None:
    """What came before changes nothing. Who runs Hyperion tells of every organisation."""
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        teller = users.get(connection, actor.user_id)
        platform = teller is not None and teller.platform_admin
        owned = _owned(connection, actor, group, platform=platform)
        news = sum(len(_news(connection, whose, found)) for whose, found in owned.items())
        queue = notifications.drafts(parts, connection, actor, receiver, group, platform=platform)
    if platform and receiver == HEARTBEAT:
        _beat(parts, group)
    if not news and not queue:
        return
    counted = {"alerts": news, "notifications": len(queue)}
    parts.audit.note(Entry(actor, "alert:receive", receiver, counted))
    _keep(parts, owned, queue)


def page(parts: Parts, actor: Actor, wanted: Wanted, after: str, limit: int) -> Page[Kept]:
    """The newest first; a token for some machines is shown what is told of these."""
    organisation_id = actor.organisation_id or ""
    with parts.database.reading(organisation_id) as connection:
        reached = _reached(connection, actor)
        place = _place(after) if after else None
        found = alerts.page(connection, organisation_id, wanted, reached, place, limit + 1)
    return cut(found, limit, lambda kept: f"{kept.alert.starts_at.isoformat()} {kept.id}")


def look(parts: Parts, actor: Actor, alert_id: str) -> Kept:
    with parts.database.reading(actor.organisation_id) as connection:
        found = alerts.get(connection, actor.organisation_id or "", alert_id)
        reached = _reached(connection, actor)
    if found is None or (reached is not None and found.alert.machine not in reached):
        raise NotFound("there is no such alert")
    return found


def forget(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        alerts.forget(connection, parts.clock() - KEPT)


def _owned(connection: Connection, actor: Actor, group: Group, *, platform: bool) -> Owned:
    """What names no organisation that we know is about Hyperion itself: of who tells it."""
    found: Owned = {}
    for name in {alert.org for alert in group.alerts if alert.name != WATCHDOG}:
        owner = organisations.named(connection, name)
        whose = owner.id if owner else actor.organisation_id or ""
        if platform or whose == actor.organisation_id:
            told = [alert for alert in group.alerts if alert.org == name]
            found.setdefault(whose, []).extend(told)
    return found


def _news(connection: Connection, whose: str, told: Sequence[Alert]) -> list[Alert]:
    """Those that are not known, or in another state."""
    known = alerts.known(connection, whose, [alert.fingerprint for alert in told])
    return [alert for alert in told if known.get(alert.same) != alert.firing]


def _keep(parts: Parts, owned: Owned, queue: Sequence[Notification]) -> None:
    with parts.database.writing(EVERY_ORGANISATION, alone="alerts") as connection:
        for whose, told in owned.items():
            # Looked at again: another one may have told the same meanwhile.
            news = {alert.same: alert for alert in _news(connection, whose, told)}
            known = alerts.known(connection, whose, [same[0] for same in news])
            alerts.renew(connection, whose, [a for same, a in news.items() if same in known])
            new = [alert for same, alert in news.items() if same not in known]
            alerts.add(connection, list(_made(parts, whose, new)))
        notifications.add(connection, queue)


def _made(parts: Parts, whose: str, new: Sequence[Alert]) -> Iterator[Kept]:
    return (Kept(ids.new("alt"), whose, alert, parts.clock()) for alert in new)


def _beat(parts: Parts, group: Group) -> None:
    if any(alert.name == WATCHDOG for alert in group.firing):
        with parts.database.writing() as connection:
            heartbeats.mark(connection, WATCHDOG, parts.clock())


def _place(after: str) -> tuple[datetime, str]:
    """Of the last alert of the page before."""
    moment, _, alert_id = after.partition(" ")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), alert_id
    except (ValueError, OverflowError):
        raise Invalid("the cursor cannot be read: begin without one") from None


def _reached(connection: Connection, actor: Actor) -> list[str] | None:
    """Names of machines; None: not narrowed."""
    if not actor.machines:
        return None
    selector = reach.selector(actor)
    walked = machines.walk(connection, actor.organisation_id or "")
    return [machine.name for machine in walked if selector.matches(machine.all_labels)]
