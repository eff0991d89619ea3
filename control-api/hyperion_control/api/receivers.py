"""Receivers: the channels by which an organisation is told of its alerts."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import Name
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.store.receivers import Receiver
from hyperion_control.usecases import receivers
from hyperion_control.usecases.receivers import Applied, NewReceiver

bp = APIBlueprint("receivers", __name__, url_prefix="/api/receivers")
may_read = requires(Role.ADMIN, scope="admin")
may_write = requires(Role.ADMIN, step_up=True)

LONGEST_ADDRESS = 1500


def address_field(default: Any = ...) -> Any:
    said = "The webhook's URL, or up to ten e-mail addresses. Kept sealed, never shown again."
    return Field(default, min_length=1, max_length=LONGEST_ADDRESS, description=said)


class ReceiverPath(Path):
    receiver_id: str


class ReceiverBody(Body):
    name: Name
    kind: Literal["slack", "discord", "teams", "mail", "webhook"]
    address: str = address_field()
    enabled: bool = True


class ChangeReceiverBody(Body):
    """What is left out stays."""

    name: Name = ""
    address: str = address_field("")
    enabled: bool = True


class ReceiverAnswer(Answer):
    id: str
    name: str
    kind: str
    place: str = Field(description="Where it is; who knows the whole address can write to it.")
    enabled: bool
    fault: str = Field(description="Why it could not be told the last time; empty: it could.")
    created_at: datetime


class AppliedReceiverAnswer(ReceiverAnswer):
    warning: str = Field(description="Why Alertmanager does not follow yet; it is asked again.")


@bp.get("", summary="List the receivers")
@may_read
def page(query: PageQuery) -> Any:
    """List the receivers by name."""
    found = receivers.page(parts(), actor(), query.after, query.limit)
    return pages.answer(found, lambda each: _dump(ReceiverAnswer, each))


@bp.post("", summary="Make a receiver", responses={201: AppliedReceiverAnswer})
@may_write
def create(body: ReceiverBody) -> Any:
    """Make a receiver; it is told of nothing until a route leads to it."""
    made = receivers.create(parts(), actor(), NewReceiver(**body.model_dump()))
    here = {"Location": f"/api/receivers/{made.receiver.id}"}
    return _applied(made), 201, versions.etag(made.receiver.version) | here


@bp.get("/<receiver_id>", summary="Look at a receiver", responses={200: ReceiverAnswer})
@may_read
def look(path: ReceiverPath) -> Any:
    """Look at a receiver, with the ETag that a change asks for."""
    found = receivers.look(parts(), actor(), path.receiver_id)
    return _dump(ReceiverAnswer, found), 200, versions.etag(found.version)


@bp.patch("/<receiver_id>", summary="Change a receiver", responses={200: AppliedReceiverAnswer})
@may_write
def change(path: ReceiverPath, body: ChangeReceiverBody) -> Any:
    """Change a receiver, or switch it off."""
    changes = body.model_dump(exclude_unset=True)
    seen = versions.if_match()
    changed = receivers.change(parts(), actor(), path.receiver_id, changes, seen)
    return _applied(changed), 200, versions.etag(changed.receiver.version)


@bp.delete("/<receiver_id>", summary="Remove a receiver", responses=NOTHING)
@may_write
def delete(path: ReceiverPath) -> Any:
    """Remove a receiver and the routes that lead to it."""
    receivers.delete(parts(), actor(), path.receiver_id, versions.if_match())
    return "", 204


@bp.post("/<receiver_id>/try", summary="Try a receiver", responses=NOTHING)
@may_write
def try_out(path: ReceiverPath) -> Any:
    """Send it a message that says that it is a test; the receiver's `fault` tells how that went."""
    receivers.try_out(parts(), actor(), path.receiver_id)
    return "", 204


def _applied(applied: Applied) -> dict[str, Any]:
    return _dump(AppliedReceiverAnswer, applied.receiver, warning=applied.warning)


def _dump(shape: type[Answer], found: Receiver, **more: object) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in ReceiverAnswer.model_fields}
    return shape(**shown, **more).model_dump(mode="json")
