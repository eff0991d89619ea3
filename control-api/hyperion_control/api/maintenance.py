"""Maintenance of a machine, with an end, during which its alerts are silent."""

from datetime import datetime, timedelta
from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api.machines import MachinePath, may_read, may_write
from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts
from hyperion_control.border.fields import Title
from hyperion_control.border.models import Answer, Body
from hyperion_control.domain.pages import Page
from hyperion_control.store.maintenances import Maintenance
from hyperion_control.usecases import maintenance
from hyperion_control.usecases.maintenance import LONGEST, Kept

bp = APIBlueprint("maintenance", __name__, url_prefix="/api/machines/<machine_id>")


class ExtendBody(Body):
    minutes: int = Field(ge=1, le=LONGEST // timedelta(minutes=1), description="From now.")


class BeginBody(ExtendBody):
    reason: Title


class MaintenanceAnswer(Answer):
    id: str
    machine_id: str
    reason: str
    begun_by: str
    begun_at: datetime
    until: datetime
    ended_at: datetime | None


class KeptAnswer(MaintenanceAnswer):
    silent: bool  # Alertmanager knows of it
    warning: str  # why it does not; it will be told as soon as it answers


@bp.get("/maintenances", summary="List the maintenances of a machine")
@may_read
def history(path: MachinePath) -> Any:
    """List the last maintenances, the newest first; also of a machine that was deleted."""
    found = maintenance.history(parts(), actor(), path.machine_id)
    return pages.answer(Page(found), lambda each: _dump(MaintenanceAnswer, each))


@bp.post("/maintenance", summary="Begin a maintenance", responses={201: KeptAnswer})
@may_write
def begin(path: MachinePath, body: BeginBody) -> Any:
    """Begin a maintenance, and a silence in Alertmanager that ends with it."""
    return begun(path.machine_id, body), 201


@bp.patch("/maintenance", summary="Extend a maintenance", responses={200: KeptAnswer})
@may_write
def extend(path: MachinePath, body: ExtendBody) -> Any:
    """Let it end so many minutes from now, later or sooner; the silence moves with it."""
    length = timedelta(minutes=body.minutes)
    return _kept(maintenance.extend(parts(), actor(), path.machine_id, length))


@bp.delete("/maintenance", summary="End a maintenance", responses={200: KeptAnswer})
@may_write
def end(path: MachinePath) -> Any:
    """End it now, and the silence with it."""
    return _kept(maintenance.end(parts(), actor(), path.machine_id))


def begun(machine_id: str, body: BeginBody) -> dict[str, Any]:
    length = timedelta(minutes=body.minutes)
    return _kept(maintenance.begin(parts(), actor(), machine_id, length, body.reason))


def _kept(found: Kept) -> dict[str, Any]:
    told = {"silent": not found.unsilenced, "warning": found.unsilenced}
    return _dump(KeptAnswer, found.maintenance, **told)


def _dump(shape: type[Answer], found: Maintenance, **more: object) -> dict[str, Any]:
    return shape(**vars(found), **more).model_dump(mode="json")
