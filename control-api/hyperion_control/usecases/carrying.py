"""Carries one task out: in whose name, by which way, and what the machine's answer means."""

from dataclasses import dataclass, field, replace
from threading import Event

from hyperion_control.domain.commands import TaskState
from hyperion_control.errors import AuditUnavailable, Problem
from hyperion_control.runners.base import End, Outcome, Output, Unreachable
from hyperion_control.runners.pool import Pool
from hyperion_control.store.commands import Command
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases import issuing, ways
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

REASON_BYTES = 4096
STATES = {
    End.SIGNALED: TaskState.FAILED,
    End.NOT_STARTED: TaskState.FAILED,
    End.TIMED_OUT: TaskState.TIMED_OUT,
    End.CANCELED: TaskState.CANCELED,
    End.UNREACHABLE: TaskState.UNREACHABLE,
    End.HOST_KEY_UNKNOWN: TaskState.UNREACHABLE,
    End.HOST_KEY_CHANGED: TaskState.UNREACHABLE,
    End.LOST: TaskState.LOST,
}


@dataclass(frozen=True)
class Errand:
    """A task with all that it takes to run it."""

    command: Command
    task: Task
    cancel: Event = field(default_factory=Event)


class _Failed(Problem):
    """Lets the record of a task say how it failed."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.reason, code=str(result.state))
        self.result = result


def carry_out(parts: Parts, pool: Pool, errand: Errand, output: Output) -> Result:
    """Nothing leaves for the machine before that is on record; looks leave none."""
    if errand.command.passing:
        return _carried(parts, pool, errand, output)
    command, task = errand.command, errand.task
    detail = {"command": command.id, "kind": command.kind}
    entry = Entry(issuing.asker_of(command), "task:run", task.machine_id, detail)
    try:
        with parts.audit.acting(entry):
            result = _carried(parts, pool, errand, output)
            if result.state is not TaskState.SUCCEEDED:
                raise _Failed(result)
            return result
    except _Failed as failed:
        return failed.result
    except AuditUnavailable as fault:
        return Result(TaskState.FAILED, str(fault))


def _carried(parts: Parts, pool: Pool, errand: Errand, output: Output) -> Result:
    if errand.cancel.is_set():
        return Result(TaskState.CANCELED)
    command, task = errand.command, errand.task
    try:
        order = issuing.order_of(parts, command)
        route = ways.find(parts, pool, task.organisation_id, task.machine_id)
    except Unreachable as fault:
        return Result(TaskState.UNREACHABLE, str(fault))
    except Problem as fault:
        return Result(TaskState.FAILED, str(fault))
    # What is to be kept goes to `output`; the runner itself only needs to say why nothing started.
    brief = replace(order, head=REASON_BYTES, tail=0)
    outcome = route.runner.run(brief, output, errand.cancel)
    if outcome.offered:
        ways.keep_offered(parts, issuing.asker_of(command), route, outcome)
    return _result(outcome)


def _result(outcome: Outcome) -> Result:
    fine = outcome.end is End.EXITED and outcome.code == 0
    return Result(
        TaskState.SUCCEEDED if fine else STATES.get(outcome.end, TaskState.FAILED),
        outcome.reason,
        outcome.code,
        outcome.signal,
        outcome.seconds,
    )
