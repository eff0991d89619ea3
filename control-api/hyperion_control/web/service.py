"""/machines/<machine_id>/services/<unit>: its state, log, what falls with it, and the orders."""

from typing import Any

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import unit_answers, unit_orders
from hyperion_control.domain.journal import Wanted
from hyperion_control.domain.roles import Role
from hyperion_control.domain.unit_answers import Acted
from hyperion_control.domain.units import TAKING_AWAY
from hyperion_control.usecases import journals, machines
from hyperion_control.usecases.acts import Act
from hyperion_control.web import acting, step_up
from hyperion_control.web.order import EASY, label
from hyperion_control.web.page import render
from hyperion_control.web.services import said

bp = Blueprint("service", __name__)

LINES = 30


@bp.get("/machines/<machine_id>/services/<unit>")
@requires(Role.OBSERVER)
def show(machine_id: str, unit: str) -> str:
    """Ask the machine for one unit; after an order, first what became of that."""
    machine = machines.look(parts(), actor(), machine_id)
    done: dict[str, Any] = {"verb": "", "acted": None}
    if task_id := request.args.get("task", ""):
        done = _done(machine_id, task_id)
        if done["acted"] is None:
            return render("at_it.html", machine=machine, subject=unit)
    looks = (
        Act("services:impact", unit_orders.impact("stop", unit), passing=True),
        Act(journals.KIND, unit_orders.logs(unit, Wanted(LINES)), passing=True),
    )
    impact, log = acting.looked(machine_id, *looks)
    return render(
        "service.html",
        machine=machine,
        impact=unit_answers.impact(said(impact)),
        log=unit_answers.logged(said(log)).lines,
        easy=[(verb, label(verb)) for verb in EASY],
        taking_away=[(verb, label(verb)) for verb in TAKING_AWAY],
        may_act=actor().may(Role.OPERATOR),
        due=step_up.due(),
        **done,
    )


def _done(machine_id: str, task_id: str) -> dict[str, str | Acted | None]:
    verb = acting.verb_of(machine_id, task_id)
    outcome = acting.became_of(task_id)
    acted = unit_answers.acted(verb, said(outcome)) if outcome else None  # type: ignore[arg-type]
    return {"verb": label(verb), "acted": acted}
