"""Tasks that nobody will end by running them: their time is over, or their worker has died."""

from hyperion_control.domain.commands import TaskState
from hyperion_control.store import commands, tasks
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tasks import Result
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import issuing
from hyperion_control.usecases.parts import Parts

TOO_LATE = "its time was over before it began"
# The machine ends what nobody holds any more (runners/base), so it is not begun again.
ABANDONED = "the worker that ran it died; the machine ends what it had begun"


def expire(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    now = parts.clock()
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        over = commands.overdue(connection, now)
    for command_id in over:
        with parts.database.writing(EVERY_ORGANISATION) as connection:
            issuing.end_waiting(connection, command_id, TaskState.EXPIRED, TOO_LATE, now)
        issuing.ring(parts, command_id)


def give_up(parts: Parts, _worker: Worker) -> None:
    """A chore: also of workers on other machines, whoever comes first."""
    now = parts.clock()
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        left = tasks.abandoned(connection, now)
    for task in left:
        with parts.database.writing(EVERY_ORGANISATION) as connection:
            issuing.end(connection, task, Result(TaskState.LOST, ABANDONED), now)
        issuing.ring(parts, task.command_id, [task.id])
    if left:
        parts.bell.ring(issuing.TASKS)
