"""/act: what every alert and dashboard links to; leads on to what helps on that machine."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.usecases import pointing
from hyperion_control.web import wanted
from hyperion_control.web.page import render

bp = Blueprint("act", __name__)

# By the link's word; every other word leads to the machine's own page.
PAGES = {
    "logs": "web.services.show",
    "maintenance": "web.maintenance.show",
    "network": "web.network.show",
    "services": "web.services.show",
}


@bp.get("/act")
@signed_in()
def lead() -> ResponseReturnValue:
    """Lead to the machine's page, in whichever of one's organisations it is."""
    organisation, machine = request.args.get("org", ""), request.args.get("machine", "")
    found = pointing.find(parts(), actor(), organisation, machine)
    if not found.place.current:
        return render("elsewhere.html", place=found.place, machine=machine, then=wanted.here())
    asked = {name: request.args.get(name) or None for name in ("unit", "pid")}
    return redirect(_page(found.machine_id, request.args.get("action", ""), **asked), 303)


def _page(machine_id: str, action: str, unit: str | None, pid: str | None) -> str:
    if action == "commands":
        return url_for("web.commands.show", machine=machine_id)
    if action == "processes":
        return url_for("web.processes.show", machine_id=machine_id, unit=unit, pid=pid)
    if action == "disk":  # who fills it or keeps it busy
        return url_for("web.processes.show", machine_id=machine_id, sort="-write_bytes")
    if unit and action in ("logs", "services"):
        place = "log" if action == "logs" else None
        return url_for("web.service.show", machine_id=machine_id, unit=unit, _anchor=place)
    return url_for(PAGES.get(action, "web.machine.show"), machine_id=machine_id)
