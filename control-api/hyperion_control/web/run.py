"""/machines/<machine_id>/run: a command for one machine."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.orders import Order
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands, machines, plans
from hyperion_control.usecases.plans import Asked, Selection
from hyperion_control.web import reasons, step_up
from hyperion_control.web.page import render

bp = Blueprint("run", __name__)


@bp.get("/machines/<machine_id>/run")
@requires(Role.OPERATOR)
def ask(machine_id: str) -> str:
    """Ask for a program and its words."""
    machine = machines.look(parts(), actor(), machine_id)
    return render("run.html", machine=machine, due=step_up.due())


@bp.post("/machines/<machine_id>/run")
@requires(Role.OPERATOR)
def begin(machine_id: str) -> ResponseReturnValue:
    """Run it, and go on to what it says."""
    order = Order(tuple(line for line in request.form["words"].splitlines() if line))
    asked = Asked(order, Selection((machine_id,)), reason=reasons.given())
    order.words()
    planned = plans.plan(parts(), actor(), asked)
    step_up.take()
    command = commands.run(parts(), actor(), planned)
    return redirect(url_for("web.command.show", command_id=command.id), 303)
