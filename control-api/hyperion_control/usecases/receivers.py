"""Receivers: the channels of an organisation, whose addresses nobody sees again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from hyperion_control.channels import outward
from hyperion_control.channels.http import Unanswered
from hyperion_control.domain import ids, names
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import Alert, Group
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Conflict, Invalid, NotFound, Stale
from hyperion_control.store import notifications as table
from hyperion_control.store import organisations, receivers, routes, sealed
from hyperion_control.store.receivers import Receiver
from hyperion_control.usecases import notifications, routing
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

STALE = "somebody changed this receiver meanwhile: look again and send the new ETag"
MOST_MAILS = 10


@dataclass(frozen=True)
class Applied:
    receiver: Receiver
    warning: str = ""  # why Alertmanager does not follow yet


@dataclass(frozen=True)
class NewReceiver:
    name: str
    kind: str
    address: str = field(repr=False)
    enabled: bool = True


def create(parts: Parts, actor: Actor, wanted: NewReceiver) -> Applied:
    address, place = _checked(parts, wanted.kind, wanted.address)
    receiver_id = ids.new("rcv")
    made = Receiver(
        id=receiver_id,
        organisation_id=actor.organisation_id or "",
        name=wanted.name,
        kind=wanted.kind,
        address=_sealed(parts, receiver_id, address),
        place=place,
        created_at=parts.clock(),
        enabled=wanted.enabled,
    )
    with (
        parts.audit.acting(Entry(actor, "receiver:create", made.id, {"kind": made.kind})),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        _refuse_taken(connection, made.organisation_id, made.id, made.name)
        receivers.add(connection, made)
    return Applied(made)  # no route leads there yet


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Receiver]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = receivers.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda receiver: receiver.name)


def look(parts: Parts, actor: Actor, receiver_id: str) -> Receiver:
    with parts.database.reading(actor.organisation_id) as connection:
        return known(connection, actor, receiver_id)


def change(
    parts: Parts, actor: Actor, receiver_id: str, changes: Mapping[str, Any], version: int | None
) -> Applied:
    values = dict(changes)
    if "address" in changes:
        kind = look(parts, actor, receiver_id).kind
        address, values["place"] = _checked(parts, kind, changes["address"])
        values["address"] = _sealed(parts, receiver_id, address)
    entry = Entry(actor, "receiver:change", receiver_id, {"fields": sorted(changes)})
    with (
        parts.audit.acting(entry),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        found = known(connection, actor, receiver_id)
        _refuse_taken(connection, found.organisation_id, receiver_id, changes.get("name", ""))
        if not receivers.change(connection, receiver_id, values, version):
            raise Stale(STALE)
        changed = known(connection, actor, receiver_id)
    return Applied(changed, routing.apply_now(parts))


def delete(parts: Parts, actor: Actor, receiver_id: str, version: int | None) -> None:
    """With the routes that lead there, and what it was still to be told."""
    with (
        parts.audit.acting(Entry(actor, "receiver:delete", receiver_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        found = known(connection, actor, receiver_id)
        if version not in (None, found.version):
            raise Stale(STALE)
        routes.remove_of_receiver(connection, receiver_id)
        table.forget_of_channel(connection, receiver_id)
        receivers.remove(connection, receiver_id)
    routing.apply_now(parts)


def try_out(parts: Parts, actor: Actor, receiver_id: str) -> None:
    """Queues an alert that says that it is none; what comes of it is shown by the receiver."""
    now = parts.clock()
    said = {"summary": "This is a test.", "description": "Alerts of Hyperion will look like this."}
    with (
        parts.audit.acting(Entry(actor, "receiver:try", receiver_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        found = known(connection, actor, receiver_id)
        owner = organisations.get(connection, found.organisation_id)
        labels = {"alertname": "Test", "severity": "info", "org": owner.name if owner else ""}
        group = Group((Alert(ids.new("try"), labels, said, now),))
        notifications.add(connection, [notifications.draft(parts, found, group)])


def known(connection: Connection, actor: Actor, receiver_id: str) -> Receiver:
    found = receivers.get(connection, actor.organisation_id or "", receiver_id)
    if found is None:
        raise NotFound("there is no such receiver")
    return found


def _checked(parts: Parts, kind: str, address: str) -> tuple[str, str]:
    """The address as it is kept, and what of it is no secret."""
    if kind == "mail":
        mails = _mails(address)
        return " ".join(mails), ", ".join(mails)[:300]
    try:
        outward.find(address, parts.settings.notifying.receiver_networks)
    except Unanswered as fault:
        raise _invalid(str(fault)) from None
    return address, urlsplit(address).hostname or ""


def _mails(text: str) -> list[str]:
    try:
        mails = [names.email(each) for each in text.replace(",", " ").split()]
    except ValueError as fault:
        raise _invalid(str(fault)) from None
    if not 1 <= len(mails) <= MOST_MAILS:
        raise _invalid(f"write 1 to {MOST_MAILS} e-mail addresses, with commas between them")
    return mails


def _sealed(parts: Parts, receiver_id: str, address: str) -> bytes:
    return parts.sealer.seal(address.encode(), sealed.RECEIVER.context(receiver_id))


def _refuse_taken(
    connection: Connection, organisation_id: str, receiver_id: str, name: str
) -> None:
    holder = receivers.named(connection, organisation_id, name)
    if holder is not None and holder.id != receiver_id:
        raise Conflict(f"there is a receiver called {name} already", code="name-taken")


def _invalid(detail: str) -> Invalid:
    said = "the request does not fit: see errors"
    return Invalid(said, errors=[{"pointer": "/address", "detail": detail}])
