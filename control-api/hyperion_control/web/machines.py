"""/machines: those of the organisation, by name, narrowed by labels or a part of the name."""

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import machines
from hyperion_control.usecases.machines import Filter
from hyperion_control.web import pieces
from hyperion_control.web.page import render

bp = Blueprint("machines", __name__)


@bp.get("/machines")
@requires(Role.OBSERVER)
def show() -> str:
    """Show each machine with its state, its group and its labels."""
    selector, search = request.args.get("selector", ""), request.args.get("search", "")
    wanted = Filter(selector.strip(), search=search.strip())
    found = machines.page(parts(), actor(), wanted, pieces.after(), pieces.LIMIT)
    now = parts().clock()
    return render(
        "machines.html",
        machines=[(each, machines.state(each, now)) for each in found.items],
        selector=selector,
        search=search,
        cursor=pieces.cursor(found.after),
    )
