"""/machines/<machine_id>/services/<unit>/<verb>: one order to one unit, such as restart."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import unit_orders, units
from hyperion_control.domain.roles import Role
from hyperion_control.domain.units import TAKING_AWAY, VERBS
from hyperion_control.errors import NotFound
from hyperion_control.usecases import acts, machines
from hyperion_control.usecases.acts import Act
from hyperion_control.web import reasons, step_up
from hyperion_control.web.page import render

bp = Blueprint("order", __name__)

EASY = ("restart", "start", "reload", "enable", "unmask")


@bp.get("/machines/<machine_id>/services/<unit>/<verb>")
@requires(Role.OPERATOR)
def ask(machine_id: str, unit: str, verb: str) -> str:
    """Ask whether to do it, and for a code where that takes one."""
    _refuse_unknown(verb)
    return render(
        "order.html",
        machine=machines.look(parts(), actor(), machine_id),
        unit=units.checked(unit),
        verb=label(verb),
        due=verb in TAKING_AWAY and step_up.due(),
    )


@bp.post("/machines/<machine_id>/services/<unit>/<verb>")
@requires(Role.OPERATOR)
def give(machine_id: str, unit: str, verb: str) -> ResponseReturnValue:
    """Give the order, and go on to what became of it."""
    _refuse_unknown(verb)
    machines.look(parts(), actor(), machine_id)
    order, reason = unit_orders.act(verb, unit), reasons.given()  # type: ignore[arg-type]
    if verb in TAKING_AWAY:
        step_up.take()
    word = f"service:{verb}"
    act = Act(word, order, action=word, detail={"unit": unit}, reason=reason)  # type: ignore[arg-type]
    task_id = acts.begin(parts(), actor(), machine_id, act)
    return redirect(
        url_for("web.service.show", machine_id=machine_id, unit=unit, task=task_id), 303
    )


def label(verb: str) -> str:
    labels = {
        "start": gettext("Start"),
        "stop": gettext("Stop"),
        "restart": gettext("Restart"),
        "reload": gettext("Reload"),
        "enable": gettext("Start at boot"),
        "disable": gettext("Do not start at boot"),
        "mask": gettext("Let nothing start it"),
        "unmask": gettext("Let it be started again"),
    }
    return str(labels.get(verb, verb))


def _refuse_unknown(verb: str) -> None:
    if verb not in VERBS:
        raise NotFound("there is no such order")
