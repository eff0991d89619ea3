"""Machines by the names that metrics bear: for buttons beside a graph, which know no ids."""

from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control.api import maintenance, services
from hyperion_control.api.machines import may_write
from hyperion_control.api.maintenance import BeginBody, KeptAnswer
from hyperion_control.api.services import UnitActAnswer, UnitActBody, UnitPath, may_act
from hyperion_control.border.context import actor, parts
from hyperion_control.border.models import Path
from hyperion_control.errors import Conflict
from hyperion_control.usecases import pointing

bp = APIBlueprint("named", __name__, url_prefix="/api/named/<organisation>/<machine>")


class NamedPath(Path):
    organisation: str
    machine: str


class NamedUnitPath(NamedPath):
    unit: str


@bp.post("/maintenance", summary="Begin a maintenance by names", responses={201: KeptAnswer})
@may_write
def begin(path: NamedPath, body: BeginBody) -> Any:
    """Begin a maintenance of the machine that metrics call so."""
    return maintenance.begun(_machine_id(path), body), 201


@bp.post(
    "/services/<unit>/restart", summary="Restart a service by names", responses={200: UnitActAnswer}
)
@may_act
def restart(path: NamedUnitPath, body: UnitActBody) -> Any:
    """Restart a service of the machine that metrics call so."""
    unit = UnitPath(machine_id=_machine_id(path), unit=path.unit)
    return services.act("restart", unit, body)


def _machine_id(path: NamedPath) -> str:
    found = pointing.find(parts(), actor(), path.organisation, path.machine)
    if not found.place.current:
        said = f"this is a machine of {found.place.name}: work in that organisation first"
        raise Conflict(said, code="other-organisation")
    return found.machine_id
