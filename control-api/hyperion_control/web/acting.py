"""What machines answer to pages: waited for without a thread, or refused in words."""

from functools import partial

from hyperion_control.border import waiting
from hyperion_control.border.context import actor, parts
from hyperion_control.domain.commands import TaskState
from hyperion_control.errors import NotFound, Unavailable
from hyperion_control.usecases import acts, commands
from hyperion_control.usecases.acts import Act, Outcome

# So long a page stays empty; then it says that the machine has not answered yet.
LOOK_SECONDS = 15
# After an order, the page is shown sooner and asks again by itself.
ACT_SECONDS = 8


def looked(machine_id: str, *looks: Act) -> list[Outcome]:
    """Not in a page that a refused form shows again: whoever waits is asked anew as a whole."""
    having, asker = parts(), actor()
    begun = waiting.carried() or [acts.begin(having, asker, machine_id, each) for each in looks]
    found = [_waited(task_id, LOOK_SECONDS, begun) for task_id in begun]
    if any(outcome is None for outcome in found):
        raise Unavailable("the machine has not answered yet", code="machine-slow")
    return [told(outcome) for outcome in found if outcome]


def verb_of(machine_id: str, task_id: str) -> str:
    """What a task of this machine was to do, such as restart."""
    task = commands.share(parts(), actor(), task_id).task
    if task.machine_id != machine_id:
        raise NotFound("there is no such task")
    return commands.look(parts(), actor(), task.command_id).command.kind.partition(":")[2]


def became_of(task_id: str) -> Outcome | None:
    """None while the machine is still at it."""
    outcome = _waited(task_id, ACT_SECONDS, None)
    return told(outcome) if outcome else None


def told(outcome: Outcome) -> Outcome:
    """Refused when it cannot be told how it ended on the machine."""
    if outcome.state is TaskState.SUCCEEDED or outcome.code is not None or outcome.signal:
        return outcome
    if outcome.reason:
        raise Unavailable(outcome.reason, code="machine-failed")
    raise Unavailable(f"the task is {outcome.state}", code=f"task-{outcome.state}")


def _waited(task_id: str, seconds: float, begun: list[str] | None) -> Outcome | None:
    ready = partial(acts.outcome, parts(), actor(), task_id)
    return waiting.until(task_id, seconds, ready, carry=begun)
