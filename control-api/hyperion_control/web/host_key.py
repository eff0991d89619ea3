"""/machines/<machine_id>/host-key: the key that a machine offered is compared and approved."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.host_keys import fingerprint, key_state
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import host_keys, machines
from hyperion_control.web import step_up
from hyperion_control.web.page import render

bp = Blueprint("host_key", __name__)


@bp.get("/machines/<machine_id>/host-key")
@requires(Role.ADMIN)
def ask(machine_id: str) -> str:
    """Show the fingerprint to compare with what the machine itself says."""
    machine = machines.look(parts(), actor(), machine_id)
    offered = machine.host_key_offered
    return render(
        "host_key.html",
        machine=machine,
        key=key_state(machine.host_key, offered),
        approved=fingerprint(machine.host_key) if machine.host_key else "",
        offered=fingerprint(offered) if offered else "",
        due=step_up.due(),
    )


@bp.post("/machines/<machine_id>/host-key")
@requires(Role.ADMIN)
def approve(machine_id: str) -> ResponseReturnValue:
    """Approve the key with the fingerprint that was compared."""
    machines.look(parts(), actor(), machine_id)
    step_up.take()
    host_keys.approve(parts(), actor(), machine_id, request.form["fingerprint"])
    return redirect(url_for("web.machine.show", machine_id=machine_id), 303)
