"""What waits for an agent, and how far it has told what its tasks say."""

from sqlalchemy import Connection, select, update

from hyperion_control.domain.commands import OPEN_TASKS, TaskState
from hyperion_control.store.commands import commands
from hyperion_control.store.machines import machines
from hyperion_control.store.tasks import tasks


def waiting(connection: Connection, machine_id: str) -> list[tuple[str, str]]:
    """Task and command of all that has not begun on this machine."""
    mine = tasks.c.machine_id == machine_id, tasks.c.state == TaskState.QUEUED
    wanted = select(tasks.c.id, tasks.c.command_id).where(*mine)
    # One that is reached in another way by now is left to the worker.
    machine = machines.c.id == tasks.c.machine_id
    found = connection.execute(wanted.join(machines, machine).where(machines.c.runner == "queue"))
    return [(row.id, row.command_id) for row in found]


def begun(connection: Connection, agent_id: str) -> list[tuple[str, str]]:
    """Task and kind of what this agent runs, as far as we know."""
    mine = tasks.c.worker_id == agent_id, tasks.c.state.in_(OPEN_TASKS)
    wanted = select(tasks.c.id, commands.c.kind).where(*mine)
    found = connection.execute(wanted.join(commands, commands.c.id == tasks.c.command_id))
    return [(row.id, row.kind) for row in found]


def move_on(connection: Connection, task_id: str, stream: str, size: int) -> None:
    """So much of this stream is here: what is told again is known by that."""
    wanted = update(tasks).where(tasks.c.id == task_id)
    connection.execute(wanted.values({f"{stream}_size": size}))
