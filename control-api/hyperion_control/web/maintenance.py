"""/machines/<machine_id>/maintenance: begun, given another end, and ended; silent meanwhile."""

from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.roles import Role
from hyperion_control.errors import BadRequest, Invalid
from hyperion_control.usecases import machines, maintenance
from hyperion_control.web import reasons
from hyperion_control.web.page import render

bp = Blueprint("maintenance", __name__)

MINUTES = ("30", "60", "120", "480", "1440", "10080")


@bp.get("/machines/<machine_id>/maintenance")
@requires(Role.OBSERVER)
def show(machine_id: str) -> str:
    """Show whether somebody works on it and when somebody did; who may act can begin one."""
    machine = machines.look(parts(), actor(), machine_id)
    found, now = maintenance.history(parts(), actor(), machine_id), parts().clock()
    return render(
        "maintenance.html",
        machine=machine,
        running=next((each for each in found if each.end > now), None),
        over=[each for each in found if each.end <= now],
        may_act=actor().may(Role.OPERATOR) and machine.deleted_at is None,
    )


@bp.post("/machines/<machine_id>/maintenance")
@requires(Role.OPERATOR)
def change(machine_id: str) -> ResponseReturnValue:
    """Begin one, let it end at another time, or now."""
    what = request.form["what"]
    if what == "begin":
        maintenance.begin(parts(), actor(), machine_id, _length(), _reason())
    elif what == "extend":
        maintenance.extend(parts(), actor(), machine_id, _length())
    elif what == "end":
        maintenance.end(parts(), actor(), machine_id)
    else:
        raise BadRequest("there is no such thing to do")
    return redirect(url_for(".show", machine_id=machine_id), 303)


def _length() -> timedelta:
    minutes = request.form["minutes"]
    if minutes not in MINUTES:
        raise BadRequest("this is none of the lengths that are offered")
    return timedelta(minutes=int(minutes))


def _reason() -> str:
    reason = reasons.given()
    if not reason:
        raise Invalid("a maintenance has a reason", code="reason-needed")
    return reason
