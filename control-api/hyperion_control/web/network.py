"""/machines/<machine_id>/network: its interfaces, and its sockets with who holds them."""

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import interfaces, network_orders, sockets
from hyperion_control.domain.roles import Role
from hyperion_control.domain.sockets import Filter
from hyperion_control.usecases import machines
from hyperion_control.usecases.acts import Act
from hyperion_control.web import acting, pieces
from hyperion_control.web.page import render

bp = Blueprint("network", __name__)

STATES = ("listen", "established")


@bp.get("/machines/<machine_id>/network")
@requires(Role.OBSERVER)
def show(machine_id: str) -> str:
    """Ask the machine for its interfaces, and for who listens or is connected."""
    machine = machines.look(parts(), actor(), machine_id)
    state = request.args.get("state", "")
    state = state if state in STATES else STATES[0]
    looks = (
        Act("network:interfaces", network_orders.interfaces(), passing=True),
        Act("network:sockets", network_orders.sockets(), passing=True),
    )
    devices, connected = acting.looked(machine_id, *looks)
    found = sockets.read(connected.stdout)
    shown = sockets.page(found.sockets, Filter(state=state), pieces.after(), pieces.LIMIT)
    return render(
        "network.html",
        machine=machine,
        interfaces=interfaces.read(devices.stdout).data,
        sockets=shown.items,
        cursor=pieces.cursor(shown.after),
        whole=not found.warning,
        state=state,
    )
