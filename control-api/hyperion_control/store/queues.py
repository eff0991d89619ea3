"""What waits for an agent, and how far it has told what its tasks say."""

from sqlalchemy import Connection, bindparam, select, update

from hyperion_control.domain.commands import OPEN_TASKS, TaskState
from hyperion_control.store.commands import commands
from hyperion_control.store.machines import machines
from hyperion_control.store.tasks import tasks

_OF_AGENTS = select(tasks.c.machine_id).join(machines, machines.c.id == tasks.c.machine_id)
_OF_AGENTS = _OF_AGENTS.where(machines.c.runner == "queue").distinct()
# Made once: to make one anew costs as much as to ask it, and thousands of agents ask.
_OPEN = select(tasks.c.id).where(tasks.c.machine_id == bindparam("machine"))
_OPEN = _OPEN.where(tasks.c.state.in_(OPEN_TASKS)).limit(1)
_BEGUN = select(tasks.c.id, commands.c.kind).join(commands, commands.c.id == tasks.c.command_id)
_BEGUN = _BEGUN.where(tasks.c.worker_id == bindparam("agent"), tasks.c.state.in_(OPEN_TASKS))


def any_open(connection: Connection, machine_id: str) -> bool:
    """Whether anything waits or runs there; nearly always nothing does."""
    return connection.execute(_OPEN, {"machine": machine_id}).first() is not None


def expected(connection: Connection) -> list[str]:
    """The machines that are there, and whose agents are to begin or to stop something."""
    news = tasks.c.state.in_((TaskState.QUEUED, TaskState.CANCELING)), machines.c.online
    return list(connection.execute(_OF_AGENTS.where(*news)).scalars())


def concerned(connection: Connection, command_id: str) -> list[str]:
    """The machines of a command that only their agents reach."""
    wanted = _OF_AGENTS.where(tasks.c.command_id == command_id)
    return list(connection.execute(wanted).scalars())


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
    found = connection.execute(_BEGUN, {"agent": agent_id})
    return [(row.id, row.kind) for row in found]


def move_on(connection: Connection, task_id: str, stream: str, size: int) -> None:
    """So much of this stream is here: what is told again is known by that."""
    wanted = update(tasks).where(tasks.c.id == task_id)
    connection.execute(wanted.values({f"{stream}_size": size}))
