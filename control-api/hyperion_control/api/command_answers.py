"""How commands, their tasks and what would be done are shown."""

from datetime import datetime
from typing import Any

from pydantic import RootModel

from hyperion_control.border.context import actor, parts
from hyperion_control.border.models import Answer
from hyperion_control.domain.commands import CommandState, TaskState
from hyperion_control.domain.host_keys import KeyState, key_state
from hyperion_control.domain.policies import Verdict
from hyperion_control.domain.roles import Role
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import commands, issuing
from hyperion_control.usecases.commands import Share, Told
from hyperion_control.usecases.plans import Plan

SECOND_PERSON = "another person who may approve commands (scope commands:approve)"
# Who runs or approves commands sees all that they are given.
SEEING = ("commands:run", "commands:approve")


class ApprovalAnswer(Answer):
    decision: str
    user_id: str
    reason: str
    decided_at: datetime


class CommandAnswer(Answer):
    id: str
    kind: str
    state: CommandState
    argv: tuple[str, ...]
    user: str
    folder: str
    timeout: int
    head: int
    tail: int
    selection: dict[str, Any]
    targets: int
    states: dict[str, int]  # of its tasks
    machine: str | None  # where it is only one
    machine_id: str | None
    concurrency: int
    batch: str
    batch_wait: int
    max_failures: str
    reason: str
    by: str
    user_id: str
    hash: str
    created_at: datetime
    not_before: datetime | None
    expires_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    canceled_by: str
    approval: ApprovalAnswer | None


class OneCommandAnswer(CommandAnswer):
    env: dict[str, str] | None  # null for who may not run commands
    script: str | None


class CommandsAnswer(Answer):
    data: list[CommandAnswer]
    next_cursor: str | None


class StreamAnswer(Answer):
    size: int
    kept: int
    truncated: bool


class TaskAnswer(Answer):
    id: str
    command_id: str
    machine_id: str
    machine: str
    state: TaskState
    code: int | None
    signal: str
    seconds: float | None
    reason: str
    started_at: datetime | None
    ended_at: datetime | None
    stdout: StreamAnswer
    stderr: StreamAnswer


class TasksAnswer(Answer):
    data: list[TaskAnswer]
    next_cursor: str | None


class TargetAnswer(Answer):
    id: str
    machine: str
    online: bool  # when Prometheus looked last
    host_key: KeyState


class PlanAnswer(Answer):
    argv: tuple[str, ...]
    verdict: Verdict
    policy: str | None  # that decided it
    why: str
    approval: str  # who must agree
    targets: int
    machines: list[TargetAnswer]


class RunAnswer(RootModel[OneCommandAnswer | PlanAnswer]):
    """The second with `dry_run`."""


def show(told: Told) -> dict[str, Any]:
    return CommandAnswer(**_fields(told)).model_dump(mode="json")


def one(command_id: str) -> dict[str, Any]:
    """As it is now; with what it was given, for who may see that."""
    told = commands.look(parts(), actor(), command_id)
    env, script = None, None
    if any(actor().may(Role.OPERATOR, scope) for scope in SEEING):
        order = issuing.order_of(parts(), told.command)
        env, script = dict(order.env), order.stdin.decode(errors="replace")
    return OneCommandAnswer(**_fields(told), env=env, script=script).model_dump(mode="json")


def show_task(share: Share) -> dict[str, Any]:
    task = share.task
    streams = {
        "stdout": _stream(task.stdout_size, share.stdout_kept),
        "stderr": _stream(task.stderr_size, share.stderr_kept),
    }
    took = task.seconds and round(task.seconds, 3)
    return TaskAnswer(**{**vars(task), **streams, "seconds": took}).model_dump(mode="json")


def show_plan(plan: Plan) -> dict[str, Any]:
    return PlanAnswer(
        argv=plan.asked.order.argv,
        verdict=plan.judgement.verdict,
        policy=plan.judgement.rule_id or None,
        why=plan.judgement.why,
        approval=SECOND_PERSON if plan.waits else "",
        targets=len(plan.machines),
        machines=[_target(machine) for machine in plan.machines],
    ).model_dump(mode="json")


def _fields(told: Told) -> dict[str, Any]:
    command = told.command
    order = {name: value for name, value in command.order.items() if name != "env"}
    return {
        **vars(command),
        **order,
        "timeout": command.order["seconds"],
        "states": told.states,
        "machine": told.machine and told.machine.machine,
        "machine_id": told.machine and told.machine.machine_id,
        "by": told.by,
        "approval": told.approval and ApprovalAnswer(**vars(told.approval)),
    }


def _stream(size: int, kept: int) -> StreamAnswer:
    return StreamAnswer(size=size, kept=kept, truncated=kept < size)


def _target(machine: Machine) -> TargetAnswer:
    return TargetAnswer(
        id=machine.id,
        machine=machine.name,
        online=machine.online,
        host_key=key_state(machine.host_key, machine.host_key_offered),
    )
