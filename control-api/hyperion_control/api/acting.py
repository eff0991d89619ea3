"""A view's way to let a machine do one thing and to answer with what came of it."""

from typing import NoReturn

from hyperion_control.border import idempotency, waiting
from hyperion_control.border.context import actor, parts
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.host_keys import KeyState, key_state
from hyperion_control.errors import Conflict, Unavailable
from hyperion_control.usecases import acts, machines
from hyperion_control.usecases.acts import Act, Outcome

SLOW = "the machine has not answered yet: ask for the task later"
REFUSED_KEYS = {KeyState.PENDING: "host-key-unknown", KeyState.CHANGED: "host-key-changed"}
# What is said where the task itself gives no reason.
UNKNOWN_ENDS = {
    TaskState.CANCELED: "it was canceled",
    TaskState.EXPIRED: "no worker began it in time: is one running?",
    TaskState.LOST: "it was begun, and what became of it is not known",
    TaskState.TIMED_OUT: "the machine took too long, and it was ended there",
}


def perform(machine_id: str, act: Act, seconds: float = 15) -> Outcome:
    """How it ended on the machine, be that well or badly; refused when that cannot be told.

    Not inside of a `with`: see border/waiting.
    """
    task_id = waiting.carried()
    if task_id is None:
        task_id = acts.begin(parts(), actor(), machine_id, act)
        begun = {"Location": f"/api/tasks/{task_id}"}
        idempotency.keep({"task_id": task_id}, 202, begun)
    asker, having = actor(), parts()
    found = waiting.until(
        task_id, seconds, lambda: acts.outcome(having, asker, task_id), carry=task_id
    )
    if found is None:
        raise Unavailable(SLOW, code="machine-slow", task=task_id)
    if found.state is not TaskState.SUCCEEDED and found.code is None and not found.signal:
        _refuse(machine_id, found)
    return found


def _refuse(machine_id: str, found: Outcome) -> NoReturn:
    said = found.reason or UNKNOWN_ENDS.get(found.state, "the machine could not begin it")
    if found.state is TaskState.UNREACHABLE:
        machine = machines.look(parts(), actor(), machine_id)
        state = key_state(machine.host_key, machine.host_key_offered)
        if state in REFUSED_KEYS:
            raise Conflict(said, code=REFUSED_KEYS[state], task=found.task_id)
    code = "not-started" if found.state is TaskState.FAILED else found.state.replace("_", "-")
    raise Unavailable(said, code=code, task=found.task_id)
