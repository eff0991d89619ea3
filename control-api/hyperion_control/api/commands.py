"""Commands: a program on one machine or many, begun, looked at, approved and canceled."""

from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api.command_answers import (
    CommandsAnswer,
    OneCommandAnswer,
    RunAnswer,
    TasksAnswer,
    one,
    show,
    show_plan,
    show_task,
)
from hyperion_control.border import idempotency, pages, preferences, waiting
from hyperion_control.border.command_fields import CommandBody
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.fields import Moment, Title
from hyperion_control.border.models import Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.commands import CommandState
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import approvals, commands, plans
from hyperion_control.usecases.commands import Search

bp = APIBlueprint("commands", __name__, url_prefix="/api/commands")
may_look = requires(Role.OBSERVER, scope="machines:read")
# So many machines may be reached without a key that keeps it from being done twice.
MOST_WITHOUT_KEY = 10


class CommandPath(Path):
    command_id: str


class CommandsQuery(PageQuery):
    machine: str = Field("", max_length=63, description="Name or id.")
    selector: str = Field("", max_length=500, description="Of machines, such as env=prod.")
    kind: str = Field("", max_length=40, description="Such as command:run or service:restart.")
    state: CommandState | None = None
    by: str = Field("", max_length=64, description="A user's id or user name.")
    since: Moment | None = None


class DecisionBody(Body):
    hash: str = Field(max_length=64, description="Of the command that you looked at.")
    reason: Title | None = None


@bp.get("", summary="List the commands", responses={200: CommandsAnswer})
@may_look
def page(query: CommandsQuery) -> Any:
    """List what was done on machines, the newest first; also by the routes of single machines."""
    wanted = Search(
        query.machine, query.selector, query.kind, query.state or "", query.by, query.since
    )
    found = commands.page(parts(), actor(), wanted, query.after, query.limit)
    return pages.answer(found, show)


@bp.post("", summary="Run a command", responses={200: RunAnswer, 202: OneCommandAnswer})
@requires(Role.OPERATOR, scope="commands:run", step_up=True)
def run(body: CommandBody) -> Any:
    """Run a program on machines. With `dry_run`, only tell what would be done.

    With `Prefer: wait=20` the answer comes when all have ended, or after so many seconds.
    """
    command_id = waiting.carried()
    if command_id is None:
        planned = plans.plan(parts(), actor(), body.asked())
        if body.dry_run:
            return show_plan(planned), 200
        if len(planned.machines) > MOST_WITHOUT_KEY:
            idempotency.require()
        command_id = commands.run(parts(), actor(), planned).id
        idempotency.keep(one(command_id), 202, _here(command_id))
    return _waited(command_id)


@bp.get("/<command_id>", summary="Look at a command", responses={200: OneCommandAnswer})
@may_look
def look(path: CommandPath) -> Any:
    """Look at a command; what it was given by env and stdin is shown to who may run commands."""
    return one(path.command_id)


@bp.get("/<command_id>/tasks", summary="List its tasks", responses={200: TasksAnswer})
@may_look
def tasks(path: CommandPath, query: PageQuery) -> Any:
    """List what became of it on each machine."""
    found = commands.shares(parts(), actor(), path.command_id, query.after, query.limit)
    return pages.answer(found, show_task)


@bp.post("/<command_id>/cancel", summary="Cancel a command", responses={202: OneCommandAnswer})
@requires(Role.OPERATOR, scope="commands:run")
def cancel(path: CommandPath) -> Any:
    """Let every machine end it; it has ended once all have said that it is gone."""
    commands.cancel(parts(), actor(), path.command_id)
    return one(path.command_id), 202


@bp.post("/<command_id>/approve", summary="Approve a command", responses={200: OneCommandAnswer})
@requires(Role.OPERATOR, scope="commands:approve", step_up=True)
def approve(path: CommandPath, body: DecisionBody) -> Any:
    """Agree to what another person asked for; it begins then."""
    approvals.approve(parts(), actor(), path.command_id, body.hash, body.reason or "")
    return one(path.command_id)


@bp.post("/<command_id>/reject", summary="Reject a command", responses={200: OneCommandAnswer})
@requires(Role.OPERATOR, scope="commands:approve", step_up=True)
def reject(path: CommandPath, body: DecisionBody) -> Any:
    """Refuse to approve it; it never begins."""
    approvals.reject(parts(), actor(), path.command_id, body.hash, body.reason or "")
    return one(path.command_id)


def _waited(command_id: str) -> Any:
    """With its end, if that comes as soon as the client likes to wait for it."""
    seconds, asker, having = preferences.wait(), actor(), parts()
    ended = seconds and waiting.until(
        command_id,
        seconds,
        lambda: commands.has_ended(having, asker, command_id) or None,
        carry=command_id,
    )
    return one(command_id), 200 if ended else 202, _here(command_id)


def _here(command_id: str) -> dict[str, str]:
    return {"Location": f"/api/commands/{command_id}"}
