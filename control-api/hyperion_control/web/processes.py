"""/machines/<machine_id>/processes: what runs there now, the busiest first."""

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import process_acts, process_list, process_orders, processes
from hyperion_control.domain.process_acts import Fate
from hyperion_control.domain.process_list import Filter
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import machines
from hyperion_control.usecases.acts import Act
from hyperion_control.web import acting, pieces
from hyperion_control.web.page import render

bp = Blueprint("processes", __name__)

SORTS = ("-cpu", "-rss_bytes", "-write_bytes", "-started_at", "pid")


@bp.get("/machines/<machine_id>/processes")
@requires(Role.OBSERVER)
def show(machine_id: str) -> str:
    """Ask the machine for its processes; after an order, first what became of that."""
    machine = machines.look(parts(), actor(), machine_id)
    fates: list[Fate] | None = []
    if task_id := request.args.get("task", ""):
        fates = _fates(machine_id, task_id)
        if fates is None:
            return render("at_it.html", machine=machine, subject=request.args.get("was", ""))
    asked = {name: request.args.get(name, "").strip() for name in ("sort", "pid", "unit", "search")}
    sort = asked["sort"] if asked["sort"] in SORTS else SORTS[0]
    look = Act("processes:list", process_orders.look(), passing=True)
    [outcome] = acting.looked(machine_id, look)
    wanted = Filter(unit=asked["unit"], cmdline=asked["search"])
    found = processes.read(outcome.stdout)
    mine = (each for each in found if asked["pid"] in ("", str(each.pid)))
    shown = process_list.page(mine, wanted, sort, pieces.after(), pieces.LIMIT)
    return render(
        "processes.html",
        machine=machine,
        fates=fates,
        processes=shown.items,
        cursor=pieces.cursor(shown.after),
        may_act=actor().may(Role.OPERATOR),
        **{**asked, "sort": sort},
    )


def _fates(machine_id: str, task_id: str) -> list[Fate] | None:
    acting.verb_of(machine_id, task_id)
    outcome = acting.became_of(task_id)
    if outcome is None:
        return None
    boot = processes.born(request.args.get("start", ""))[1]
    return process_acts.fates(boot, outcome.code, outcome.stdout, outcome.stderr)
