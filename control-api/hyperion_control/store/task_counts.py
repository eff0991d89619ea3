"""Of the tasks of all organisations: how many have not ended, and how long the first one waits."""

from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from hyperion_control.domain.commands import OPEN_TASKS, CommandState, TaskState
from hyperion_control.store.commands import commands
from hyperion_control.store.machines import machines
from hyperion_control.store.tasks import tasks


def not_ended(connection: Connection) -> dict[str, int]:
    """By state; each state is there."""
    wanted = select(tasks.c.state, func.count()).where(tasks.c.state.in_(OPEN_TASKS))
    counted = {str(state): 0 for state in OPEN_TASKS}
    for state, count in connection.execute(wanted.group_by(tasks.c.state)):
        counted[state] = count
    return counted


def waiting_since(connection: Connection, now: datetime) -> datetime | None:
    """Of those that a worker could begin, so not of those that are to begin later."""
    begun = commands.c.state.in_((CommandState.QUEUED, CommandState.RUNNING))
    due = or_(commands.c.not_before.is_(None), commands.c.not_before <= now)
    wanted = (
        select(func.min(func.coalesce(commands.c.not_before, commands.c.created_at)))
        .join(tasks, tasks.c.command_id == commands.c.id)
        .join(machines, machines.c.id == tasks.c.machine_id)
        .where(begun, due, tasks.c.state == TaskState.QUEUED, machines.c.runner != "queue")
    )
    found: datetime | None = connection.execute(wanted).scalar_one()
    return found


def changed_host_keys(connection: Connection) -> int:
    """Machines that showed another key than the approved one."""
    changed = machines.c.host_key != "", machines.c.host_key_offered != ""
    living = machines.c.deleted_at.is_(None)
    return connection.execute(select(func.count()).where(*changed, living)).scalar_one()
