"""The processes of a machine: looked at, signalled, ended with all that they started, reniced."""

from typing import Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import Field, RootModel

from hyperion_control.api.acting import perform
from hyperion_control.api.machines import MachinePath, may_read
from hyperion_control.border import pages
from hyperion_control.border.context import requires
from hyperion_control.border.fields import Title
from hyperion_control.border.models import Answer, Body
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import process_acts, process_list, process_orders, processes
from hyperion_control.domain.actions import Action
from hyperion_control.domain.orders import Order
from hyperion_control.domain.process_acts import Fate
from hyperion_control.domain.process_list import KEYS, Filter
from hyperion_control.domain.process_orders import MOST_GRACE_SECONDS
from hyperion_control.domain.processes import STATES, Process
from hyperion_control.domain.roles import Role
from hyperion_control.usecases.acts import Act, Outcome

bp = APIBlueprint("processes", __name__, url_prefix="/api/machines/<machine_id>/processes")
may_act = requires(Role.OPERATOR, scope="processes:write")
may_kill = requires(Role.OPERATOR, scope="processes:write", step_up=True)


class ProcessPath(MachinePath):
    pid: int = Field(ge=1)


class ProcessesQuery(PageQuery):
    sort: str = Field("pid", pattern=f"^-?({'|'.join(KEYS)})$", description="With -, downwards.")
    user: str = Field("", max_length=100)
    name: str = Field("", max_length=64)
    unit: str = Field("", max_length=255)
    state: str = Field("", pattern=f"^({'|'.join(STATES.values())})?$")
    cmdline: str = Field("", max_length=500, description="A part of the command line.")


class ActBody(Body):
    start: str = Field(max_length=60, description="As the list shows it.")
    reason: Title | None = None


class SignalBody(ActBody):
    signal: Literal["TERM", "INT", "HUP", "QUIT", "STOP", "CONT", "USR1", "USR2"]
    grace: int = Field(0, ge=0, le=MOST_GRACE_SECONDS, description="Seconds to wait for its end.")


class KillBody(ActBody):
    tree: bool = Field(False, description="With all that it started.")
    grace: int = Field(
        5, ge=0, le=MOST_GRACE_SECONDS, description="Seconds from SIGTERM to SIGKILL; 0: at once."
    )


class ReniceBody(ActBody):
    nice: int = Field(ge=-20, le=19)


class ProcessAnswer(RootModel[Process]):
    pass


class ProcessesAnswer(Answer):
    data: list[Process]
    next_cursor: str | None


class BranchAnswer(Answer):
    depth: int
    process: Process


class TreeAnswer(Answer):
    data: list[BranchAnswer]


class FateAnswer(RootModel[Fate]):
    pass


class FatesAnswer(Answer):
    processes: list[Fate]
    task_id: str


class ReniceAnswer(Answer):
    pid: int
    start: str
    nice: int
    task_id: str


@bp.get("", summary="List the processes of a machine", responses={200: ProcessesAnswer})
@may_read
def page(path: MachinePath, query: ProcessesQuery) -> Any:
    """List processes as they are now; `cpu` is the share of a processor over a third of a second.

    A command line is shown up to four lines and 2,000 bytes of each.
    """
    wanted = Filter(query.user, query.name, query.unit, query.state, query.cmdline)
    after = query.after
    found = processes.read(_look(path, process_orders.look()).stdout)
    chosen = process_list.page(found, wanted, query.sort, after, query.limit)
    return pages.answer(chosen, _show)


@bp.get("/tree", summary="See the tree of processes", responses={200: TreeAnswer})
@may_read
def tree(path: MachinePath) -> Any:
    """List each process behind its parent, with its depth."""
    found = processes.read(_look(path, process_orders.look()).stdout)
    branches = process_list.tree(found)
    return {"data": [{"depth": depth, "process": _show(each)} for depth, each in branches]}


@bp.get("/<pid>", summary="Look at a process", responses={200: ProcessAnswer})
@may_read
def look(path: ProcessPath) -> Any:
    """Look at one process, with the whole of its command line."""
    return _show(processes.one(_look(path, process_orders.look(path.pid)).stdout))


@bp.post("/<pid>/signal", summary="Signal a process", responses={200: FatesAnswer})
@may_act
def signal(path: ProcessPath, body: SignalBody) -> Any:
    """Send a signal to the very process that was listed; whether it is gone is told after `grace`.

    To end it for certain, kill it.
    """
    order = process_orders.signal(path.pid, body.start, body.signal, body.grace)
    return _fates(body, _act("process:signal", path, body, order, signal=body.signal))


@bp.post("/<pid>/kill", summary="Kill a process", responses={200: FatesAnswer})
@may_kill
def kill(path: ProcessPath, body: KillBody) -> Any:
    """End a process, with `tree` all that it started too: SIGTERM, and SIGKILL after `grace`.

    All of the tree is stopped before any of it is ended, so nothing forks away.
    """
    order = process_orders.kill(path.pid, body.start, body.grace, tree=body.tree)
    return _fates(body, _act("process:kill", path, body, order, tree=body.tree))


@bp.post("/<pid>/renice", summary="Renice a process", responses={200: ReniceAnswer})
@may_act
def renice(path: ProcessPath, body: ReniceBody) -> Any:
    """Change how much of the processors it gets beside others, for all of its threads."""
    order = process_orders.renice(path.pid, body.start, body.nice)
    outcome = _act("process:renice", path, body, order, nice=body.nice)
    process_acts.done(outcome.code, outcome.stdout, outcome.stderr)
    told = {"pid": path.pid, "start": body.start, "nice": body.nice}
    return {**told, "task_id": outcome.task_id}


def _look(path: MachinePath, order: Order) -> Outcome:
    return perform(path.machine_id, Act("processes:list", order, passing=True))


def _act(action: Action, path: ProcessPath, body: ActBody, order: Order, **more: object) -> Outcome:
    detail = {"pid": path.pid, "start": body.start, **more}
    act = Act(action, order, action=action, detail=detail, reason=body.reason or "")
    return perform(path.machine_id, act, order.seconds + 5)


def _fates(body: ActBody, outcome: Outcome) -> Any:
    boot = processes.born(body.start)[1]
    found = process_acts.fates(boot, outcome.code, outcome.stdout, outcome.stderr)
    return FatesAnswer(processes=found, task_id=outcome.task_id).model_dump(mode="json")


def _show(process: Process) -> Any:
    return ProcessAnswer(process).model_dump(mode="json")
