"""The load of this machine, or of another one, in the shapes of an older contract."""

from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.models import Query
from hyperion_control.domain.measures import Space, Traffic, Usage
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import machine_measures

bp = APIBlueprint("machine_metrics", __name__, url_prefix="/api/metrics")
may_read = requires(Role.OBSERVER, scope="machines:read")


class MachineQuery(Query):
    machine: str = Field(
        "", max_length=63, description="Name or id; empty: the machine that answers."
    )


@bp.get("/cpu/", summary="Use of the processors")
@may_read
def cpu(query: MachineQuery) -> Any:
    """Tell how busy the processors are, in percent."""
    return _show(machine_measures.cpu(parts(), actor(), query.machine))


@bp.get("/memory/", summary="Use of the memory")
@may_read
def memory(query: MachineQuery) -> Any:
    """Tell how much of the memory is not available, in percent."""
    return _show(machine_measures.memory(parts(), actor(), query.machine))


@bp.get("/network/", summary="Traffic by interface")
@may_read
def network(query: MachineQuery) -> Any:
    """Tell the bytes received and sent by each interface since the machine started."""
    return [_show(each) for each in machine_measures.network(parts(), actor(), query.machine)]


@bp.get("/storage/", summary="Space by mount point")
@may_read
def storage(query: MachineQuery) -> Any:
    """Tell the bytes of each mounted disk."""
    return [_show(each) for each in machine_measures.storage(parts(), actor(), query.machine)]


def _show(found: Usage | Traffic | Space) -> dict[str, Any]:
    return {**vars(found), "timestamp": found.timestamp.isoformat()}
