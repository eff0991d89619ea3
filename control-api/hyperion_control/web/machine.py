"""/machines/<machine_id>: what is known of a machine, what was done on it, and the way to more."""

from flask import Blueprint

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.host_keys import fingerprint, key_state
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands, machines
from hyperion_control.usecases.commands import Search
from hyperion_control.web.page import render

bp = Blueprint("machine", __name__)

COMMANDS_SHOWN = 10


@bp.get("/machines/<machine_id>")
@requires(Role.OBSERVER)
def show(machine_id: str) -> str:
    """Show its state, its facts, its key and the last commands."""
    machine = machines.look(parts(), actor(), machine_id)
    last = commands.page(parts(), actor(), Search(machine_id), "", COMMANDS_SHOWN)
    return render(
        "machine.html",
        machine=machine,
        state=machines.state(machine, parts().clock()),
        key=key_state(machine.host_key, machine.host_key_offered),
        approved=fingerprint(machine.host_key) if machine.host_key else "",
        offered=fingerprint(machine.host_key_offered) if machine.host_key_offered else "",
        commands=last.items,
        may_act=actor().may(Role.OPERATOR) and machine.deleted_at is None,
        may_decide=actor().may(Role.ADMIN) and machine.deleted_at is None,
    )
