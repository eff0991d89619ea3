"""/commands: what was done on machines, by whom, and what came of it; the newest first."""

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands
from hyperion_control.usecases.commands import Search
from hyperion_control.web import pieces
from hyperion_control.web.page import render

bp = Blueprint("commands", __name__)


@bp.get("/commands")
@requires(Role.OBSERVER)
def show() -> str:
    """Show commands and the orders of single machines."""
    machine = request.args.get("machine", "").strip()
    found = commands.page(parts(), actor(), Search(machine), pieces.after(), pieces.LIMIT)
    cursor = pieces.cursor(found.after)
    return render("commands.html", commands=found.items, machine=machine, cursor=cursor)
