"""/machines/<machine_id>/processes/<pid>: one process is signalled, or ended for certain."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import process_orders
from hyperion_control.domain.roles import Role
from hyperion_control.errors import BadRequest, NotFound
from hyperion_control.usecases import acts, machines
from hyperion_control.usecases.acts import Act
from hyperion_control.web import reasons, step_up
from hyperion_control.web.page import render

bp = Blueprint("process", __name__)

SIGNALS = ("TERM", "INT", "HUP", "QUIT", "STOP", "CONT", "USR1", "USR2")
# Of what is not sent as a signal: the machine makes sure that it is gone.
KILLS = {"kill": False, "kill-tree": True}
GRACE_SECONDS = 5


@bp.get("/machines/<machine_id>/processes/<pid>")
@requires(Role.OPERATOR)
def ask(machine_id: str, pid: str) -> str:
    """Ask what to do with the very process that was listed."""
    return render(
        "process.html",
        machine=machines.look(parts(), actor(), machine_id),
        pid=_number(pid),
        start=request.values.get("start", ""),
        signals=[(each, each) for each in SIGNALS],
        due=step_up.due(),
    )


@bp.post("/machines/<machine_id>/processes/<pid>")
@requires(Role.OPERATOR)
def give(machine_id: str, pid: str) -> ResponseReturnValue:
    """Give the order, and go on to what became of it."""
    machines.look(parts(), actor(), machine_id)
    start, what = request.form["start"], request.form["what"]
    act = _act(_number(pid), start, what, reasons.given())
    if what in KILLS:
        step_up.take()
    task_id = acts.begin(parts(), actor(), machine_id, act)
    here = {"machine_id": machine_id, "task": task_id, "was": pid, "start": start}
    return redirect(url_for("web.processes.show", **here), 303)  # type: ignore[arg-type]


def _act(pid: int, start: str, what: str, reason: str) -> Act:
    told: dict[str, object] = {"pid": pid, "start": start}
    if what in KILLS:
        order = process_orders.kill(pid, start, GRACE_SECONDS, tree=KILLS[what])
        told["tree"] = KILLS[what]
        return Act("process:kill", order, action="process:kill", detail=told, reason=reason)
    if what not in SIGNALS:
        raise BadRequest("there is no such signal")
    order = process_orders.signal(pid, start, what, 1)
    told["signal"] = what
    return Act("process:signal", order, action="process:signal", detail=told, reason=reason)


def _number(pid: str) -> int:
    if not (pid.isascii() and pid.isdecimal() and len(pid) < 10 and int(pid)):
        raise NotFound("there is no such process")
    return int(pid)
