"""/commands/<command_id>/approval: a second person looks at all of a command, and decides."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.commands import CommandState
from hyperion_control.domain.roles import Role
from hyperion_control.errors import BadRequest
from hyperion_control.usecases import approvals, commands, issuing
from hyperion_control.web import pieces, reasons, step_up
from hyperion_control.web.page import render

bp = Blueprint("approval", __name__)

DECISIONS = {"approve": approvals.approve, "reject": approvals.reject}


@bp.get("/commands/<command_id>/approval")
@requires(Role.OPERATOR)
def ask(command_id: str) -> str:
    """Show what it would do, where, and who asked for it."""
    told = commands.look(parts(), actor(), command_id)
    shares = commands.shares(parts(), actor(), command_id, pieces.after(), pieces.LIMIT)
    return render(
        "approval.html",
        told=told,
        order=issuing.order_of(parts(), told.command),
        tasks=[share.task for share in shares.items],
        cursor=pieces.cursor(shares.after),
        waits=told.command.state is CommandState.PENDING_APPROVAL,
        own=told.command.user_id == actor().user_id,
        due=step_up.due(),
    )


@bp.post("/commands/<command_id>/approval")
@requires(Role.OPERATOR)
def decide(command_id: str) -> ResponseReturnValue:
    """Of the command that was looked at, and of no other."""
    decide = DECISIONS.get(request.form["what"])
    if decide is None:
        raise BadRequest("a command is approved or rejected")
    commands.look(parts(), actor(), command_id)
    step_up.take()
    decide(parts(), actor(), command_id, request.form["hash"], reasons.given())
    return redirect(url_for("web.command.show", command_id=command_id), 303)
