"""/commands/<command_id>: its state on each machine, what it says, and its end."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.commands import OPEN_COMMANDS, CommandState
from hyperion_control.domain.roles import Role
from hyperion_control.store.commands import STOPPABLE
from hyperion_control.usecases import commands, feeds
from hyperion_control.usecases.feeds import Alike
from hyperion_control.web import pieces
from hyperion_control.web.page import render

bp = Blueprint("command", __name__)

STREAMS = ("stdout", "stderr")
MOST_BYTES = 64 * 1024
# The largest ones; who wants all asks the API.
MOST_GROUPS = 20


@bp.get("/commands/<command_id>")
@requires(Role.OBSERVER)
def show(command_id: str) -> str:
    """Show it as it is now; while it runs, the page asks again by itself."""
    told = commands.look(parts(), actor(), command_id)
    shares = commands.shares(parts(), actor(), command_id, pieces.after(), pieces.LIMIT)
    sees, runs = actor().may(Role.OPERATOR), told.command.state in OPEN_COMMANDS
    return render(
        "command.html",
        told=told,
        tasks=[share.task for share in shares.items],
        cursor=pieces.cursor(shares.after),
        runs=runs,
        said=_said(command_id, so_far=runs and told.machine is not None) if sees else None,
        may_decide=sees and told.command.state is CommandState.PENDING_APPROVAL,
        may_cancel=sees and told.command.state in STOPPABLE,
    )


@bp.post("/commands/<command_id>/cancel")
@requires(Role.OPERATOR)
def cancel(command_id: str) -> ResponseReturnValue:
    """Let every machine end it."""
    commands.cancel(parts(), actor(), command_id)
    return redirect(url_for(".show", command_id=command_id), 303)


def _said(command_id: str, *, so_far: bool) -> list[tuple[str, list[str]]]:
    """By machines, what they said in each stream; while it runs, of a single machine."""
    if so_far:
        feed = [feeds.feed(parts(), actor(), command_id, "", stream) for stream in STREAMS]
        chunks = [feeds.chunk(parts(), actor(), each, 0, MOST_BYTES).data for each in feed]
        return [(", ".join(feed[0].names.values()), [_text(chunk) for chunk in chunks])]
    return [_group(each) for each in feeds.alike(parts(), actor(), command_id)[:MOST_GROUPS]]


def _group(alike: Alike) -> tuple[str, list[str]]:
    names = ", ".join(task.machine for task in alike.tasks)
    streams = (alike.stdout, alike.stderr)
    return names, [_text(each.head + _gap(each.truncated) + each.tail) for each in streams]


def _gap(truncated: bool) -> bytes:
    return b"\n[...]\n" if truncated else b""


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
