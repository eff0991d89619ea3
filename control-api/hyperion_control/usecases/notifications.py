"""Notifications, queued: who is to be told of what, each once."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import alerts, ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import Group
from hyperion_control.store import notifications, organisations, receivers
from hyperion_control.store.notifications import Notification
from hyperion_control.store.receivers import Receiver
from hyperion_control.usecases.parts import Parts

PEOPLE = "people"  # a receiver of the base: who runs Hyperion
LETTER = "letter"  # to a person, about their account
# Less than any repeat_interval: what comes again sooner was told twice by mistake, because an
# answer of ours was lost or two Alertmanagers had not heard of each other.
TWICE = timedelta(minutes=30)


def drafts(
    parts: Parts,
    connection: Connection,
    actor: Actor,
    receiver: str,
    group: Group,
    *,
    platform: bool,
) -> list[Notification]:
    """Whoever Alertmanager has for this receiver of its own."""
    if receiver == PEOPLE:
        told = [_draft(parts, channel, group) for channel in cards(parts) if platform]
    else:
        told = _to_receiver(parts, connection, actor, receiver, group, platform=platform)
    return [each for each in told if not _twice(connection, each)]


def alarm(parts: Parts, group: Group) -> list[Notification]:
    """To all that who runs Hyperion has, past Alertmanager."""
    settings = parts.settings.notifying
    found = ["slack"] if settings.slack_url else []
    found += ["mail"] if settings.smtp and settings.alarm_mail else []
    return [_draft(parts, channel, group) for channel in [*found, *cards(parts)]]


def draft(parts: Parts, receiver: Receiver, group: Group) -> Notification:
    return _draft(parts, receiver.id, group, receiver.organisation_id)


def letter(parts: Parts, kind: str, user_id: str, once: str = "") -> list[Notification]:
    """Empty when no mail can be sent; what has the same `once` is not sent twice."""
    if parts.settings.notifying.smtp is None:
        return []
    key = _hash(kind, once or ids.new("ntf"))
    return [_made(parts, LETTER, {"kind": kind, "user": user_id}, key)]


def add(connection: Connection, queue: Sequence[Notification]) -> None:
    """Those that were not told a moment ago; looked at where no two look at once."""
    for each in queue:
        if not _twice(connection, each):
            notifications.add(connection, each)


def cards(parts: Parts) -> list[str]:
    """The channels of who runs Hyperion for which Alertmanager asks us."""
    urls = parts.settings.notifying
    return [name for name in ("discord", "teams") if getattr(urls, f"{name}_url")]


def _to_receiver(
    parts: Parts,
    connection: Connection,
    actor: Actor,
    receiver_id: str,
    group: Group,
    *,
    platform: bool,
) -> list[Notification]:
    """Whatever Alertmanager sends there: alerts of its own organisation alone."""
    found = receivers.find(connection, receiver_id)
    if found is None or not (platform or found.organisation_id == actor.organisation_id):
        return []
    owner = organisations.get(connection, found.organisation_id)
    own = group.of(owner.name) if owner else Group(())
    if not found.enabled or not own.alerts:
        return []
    return [draft(parts, found, own)]


def _draft(
    parts: Parts, channel: str, group: Group, organisation_id: str | None = None
) -> Notification:
    key = _hash(channel, alerts.same_for(group.alerts))
    return _made(parts, channel, alerts.dump(group), key, organisation_id)


def _made(
    parts: Parts,
    channel: str,
    content: Mapping[str, Any],
    key: str,
    organisation_id: str | None = None,
) -> Notification:
    now = parts.clock()
    return Notification(ids.new("ntf"), organisation_id, channel, content, key, now, due_at=now)


def _twice(connection: Connection, draft: Notification) -> bool:
    return notifications.told_since(connection, draft.key, draft.created_at - TWICE)


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
