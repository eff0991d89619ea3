"""The key of a machine: approved once by an admin who has compared it."""

from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api import machines
from hyperion_control.api.machines import MachineAnswer, MachinePath
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.models import Body
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import host_keys

bp = APIBlueprint("host_keys", __name__, url_prefix="/api/machines/<machine_id>/host-key")
may_decide = requires(Role.ADMIN, step_up=True)


class FingerprintBody(Body):
    fingerprint: str = Field(max_length=100, description="As ssh-keygen -l shows it: SHA256:…")


@bp.put("", summary="Approve the key of a machine", responses={200: MachineAnswer})
@may_decide
def approve(path: MachinePath, body: FingerprintBody) -> Any:
    """Approve the key that the machine offered, after comparing it with what the machine says."""
    found = host_keys.approve(parts(), actor(), path.machine_id, body.fingerprint)
    return machines.answer(found)


@bp.delete("", summary="Forget the key of a machine", responses={200: MachineAnswer})
@may_decide
def forget(path: MachinePath) -> Any:
    """Forget the key; nothing is sent to the machine until the next one is approved."""
    return machines.answer(host_keys.forget(parts(), actor(), path.machine_id))
