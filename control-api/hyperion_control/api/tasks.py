"""One task: what an action does on its machine."""

from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control.api.command_answers import TaskAnswer, show_task
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.models import Path
from hyperion_control.border.repeatable import repeatable
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands

bp = APIBlueprint("tasks", __name__, url_prefix="/api/tasks")


class TaskPath(Path):
    task_id: str


@bp.get("/<task_id>", summary="Look at a task", responses={200: TaskAnswer})
@repeatable
@requires(Role.OBSERVER, scope="machines:read")
def look(path: TaskPath) -> Any:
    """Look at one machine's share of a command or action, such as one that took too long."""
    return show_task(commands.share(parts(), actor(), path.task_id))
