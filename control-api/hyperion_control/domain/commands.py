"""What was asked of machines: the states that commands and tasks go through, and how they end."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from hyperion_control.domain.orders import Order


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELED = "canceled"
    UNREACHABLE = "unreachable"  # nothing was sent
    SKIPPED = "skipped"  # too many others had failed
    EXPIRED = "expired"  # its time was over before it began
    LOST = "lost"  # it left, and what became of it is not known


class CommandState(StrEnum):
    PENDING_APPROVAL = "pending_approval"
    QUEUED = "queued"
    RUNNING = "running"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARTIALLY_FAILED = "partially_failed"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    EXPIRED = "expired"


OPEN_TASKS = (TaskState.QUEUED, TaskState.RUNNING, TaskState.CANCELING)
OPEN_COMMANDS = (
    CommandState.PENDING_APPROVAL,
    CommandState.QUEUED,
    CommandState.RUNNING,
    CommandState.CANCELING,
)
# How a command ends when all of its tasks ended so; any other mixture without success is a failure.
ALIKE = {
    TaskState.TIMED_OUT: CommandState.TIMED_OUT,
    TaskState.LOST: CommandState.LOST,
    TaskState.EXPIRED: CommandState.EXPIRED,
}


def verdict(states: Iterable[TaskState]) -> CommandState | None:
    """How the command ended; None while one of its tasks has not."""
    met = set(states)
    if met.intersection(OPEN_TASKS):
        return None
    if TaskState.CANCELED in met:
        return CommandState.CANCELED
    if met == {TaskState.SUCCEEDED}:
        return CommandState.SUCCEEDED
    if TaskState.SUCCEEDED in met:
        return CommandState.PARTIALLY_FAILED
    return ALIKE.get(met.pop(), CommandState.FAILED) if len(met) == 1 else CommandState.FAILED


def written(order: Order) -> dict[str, Any]:
    """As JSON; without what comes by stdin, which may be secret."""
    plain = {name: value for name, value in vars(order).items() if name != "stdin"}
    return {**plain, "argv": list(order.argv), "env": dict(order.env)}


def read(order: Mapping[str, Any], stdin: bytes) -> Order:
    return Order(**{**order, "argv": tuple(order["argv"])}, stdin=stdin)


def digest(order: Order, machine_ids: Iterable[str], width: Mapping[str, object]) -> str:
    """What an approval is given for: any other command has another one."""
    said = [written(order), order.stdin.hex(), sorted(machine_ids), dict(width)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
