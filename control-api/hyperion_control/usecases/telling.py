"""Notifications, sent: again and again with growing pauses until each is taken or given up."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from ipaddress import ip_network

from hyperion_control.channels import discord, mail, mail_cards, outward, slack, teams, webhook
from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.domain import alerts
from hyperion_control.store import notifications, receivers, sealed
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.notifications import Notification
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import letters
from hyperion_control.usecases.notifications import LETTER
from hyperion_control.usecases.parts import Parts

log = logging.getLogger(__name__)

AT_ONCE = 16
# The other chores of the worker wait as long, and for the one that hangs longest.
ROUND_SECONDS = 5.0
# Longer than any channel is waited for: whoever claimed it has died.
CLAIMED = timedelta(minutes=1)
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 1800)]
GIVEN_UP = timedelta(days=1)
KEPT = timedelta(days=7)
# Who runs Hyperion may name any address.
ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
PAYLOADS = {
    "discord": discord.payload,
    "slack": slack.payload,
    "teams": teams.payload,
    "webhook": webhook.payload,
}


def tell(parts: Parts, _worker: Worker) -> None:
    """A chore. One that hangs holds up none of the others."""
    give_up = time.monotonic() + ROUND_SECONDS
    while claimed := _claimed(parts):
        with ThreadPoolExecutor(len(claimed)) as crew:
            faults = list(crew.map(partial(_tried, parts), claimed))
        for each, fault in zip(claimed, faults, strict=True):
            _settle(parts, each, fault)
        if time.monotonic() > give_up:
            return


def forget(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        notifications.forget(connection, parts.clock() - KEPT)


def _claimed(parts: Parts) -> list[Notification]:
    now = parts.clock()
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        due = notifications.due(connection, now, AT_ONCE)
    if not due:
        return []
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        return [each for each in due if notifications.claim(connection, each, now + CLAIMED)]


def _tried(parts: Parts, notification: Notification) -> Unanswered | None:
    try:
        _send(parts, notification)
    except Unanswered as fault:
        return fault
    return None


def _send(parts: Parts, notification: Notification) -> None:
    settings, channel = parts.settings.notifying, notification.channel
    if channel == LETTER:
        letters.send(parts, notification.content)
    elif channel == "mail":
        _mail(parts, settings.alarm_mail, notification)
    elif channel in PAYLOADS:
        _post(parts, channel, getattr(settings, f"{channel}_url"), ANYWHERE, notification)
    else:
        _send_to_receiver(parts, notification)


def _send_to_receiver(parts: Parts, notification: Notification) -> None:
    """Nobody is told when it was removed or switched off meanwhile."""
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        found = receivers.find(connection, notification.channel)
    if found is None or not found.enabled:
        return
    address = parts.sealer.open(found.address, sealed.RECEIVER.context(found.id)).decode()
    if found.kind == "mail":
        _mail(parts, address, notification)
    else:
        allowed = parts.settings.notifying.receiver_networks
        _post(parts, found.kind, address, allowed, notification)


def _post(
    parts: Parts, kind: str, url: str, allowed: outward.Networks, notification: Notification
) -> None:
    group = alerts.load(notification.content)
    outward.post(url, PAYLOADS[kind](group, parts.settings.public_url), allowed)


def _mail(parts: Parts, addresses: str, notification: Notification) -> None:
    smtp = parts.settings.notifying.smtp
    if smtp is None:
        raise Rejected("no mail can be sent: HYPERION_SMTP_URL is not set")
    group = alerts.load(notification.content)
    subject, text, html = mail_cards.written(group, parts.settings.public_url)
    mail.send(smtp, addresses.split(), subject, text, html)


def _settle(parts: Parts, notification: Notification, fault: Unanswered | None) -> None:
    """What is refused for good is not sent again; nor is what nobody took for a day."""
    now, said = parts.clock(), str(fault or "")
    over = isinstance(fault, Rejected) or now - notification.created_at > GIVEN_UP
    again = (
        None if fault is None or over else now + PAUSES[min(notification.tries, len(PAUSES) - 1)]
    )
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        notifications.settle(connection, notification.id, again, said)
        receivers.set_fault(connection, notification.channel, said)
    if fault is not None and again is None:
        log.warning("%s to %s is given up: %s", notification.id, notification.channel, said)
