"""Approvals: a second person looks at a command before it begins, and agrees or does not."""

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.commands import CommandState, TaskState
from hyperion_control.errors import Conflict, Forbidden
from hyperion_control.store import approvals
from hyperion_control.store import commands as table
from hyperion_control.store.approvals import Approval
from hyperion_control.store.commands import Command
from hyperion_control.usecases import commands, issuing
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

APPROVED, REJECTED = "approved", "rejected"
PENDING = (CommandState.PENDING_APPROVAL,)


def approve(parts: Parts, actor: Actor, command_id: str, seen: str, reason: str) -> Command:
    """`seen` is the hash of the command that the person looked at."""
    entry, now = Entry(actor, "command:approve", command_id, {"hash": seen}), parts.clock()
    with parts.audit.acting(entry), parts.database.writing(actor.organisation_id) as connection:
        command = _waiting(connection, parts, actor, command_id, seen)
        if command.user_id == actor.user_id:
            raise Forbidden("nobody approves a command of their own", code="own-command")
        _decide(connection, parts, actor, command, APPROVED, reason)
        table.move(connection, command_id, CommandState.QUEUED, now, only_from=PENDING)
        approved = commands.known(connection, actor, command_id)
    issuing.ring(parts, command_id)
    parts.bell.ring(issuing.TASKS)
    return approved


def reject(parts: Parts, actor: Actor, command_id: str, seen: str, reason: str) -> Command:
    """Also by who asked for it."""
    entry, said = Entry(actor, "command:reject", command_id, {"hash": seen}), "it was not approved"
    with parts.audit.acting(entry), parts.database.writing(actor.organisation_id) as connection:
        command = _waiting(connection, parts, actor, command_id, seen)
        _decide(connection, parts, actor, command, REJECTED, reason)
        canceled = TaskState.CANCELED
        issuing.end_waiting(connection, command_id, canceled, said, parts.clock())
        rejected = commands.known(connection, actor, command_id)
    issuing.ring(parts, command_id)
    return rejected


def _waiting(
    connection: Connection, parts: Parts, actor: Actor, command_id: str, seen: str
) -> Command:
    """Held until the end of the transaction: of two who decide at once, one is too late."""
    table.hold(connection, command_id)
    command = commands.known(connection, actor, command_id)
    if command.state not in PENDING or command.expires_at <= parts.clock():
        raise Conflict("this command does not wait for an approval", code="not-pending")
    if command.hash != seen:
        said = "this is not the hash of this command: look at it again"
        raise Conflict(said, code="other-command")
    return command


def _decide(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    command: Command,
    decision: str,
    reason: str,
) -> None:
    made = Approval(
        command.id,
        command.organisation_id,
        decision,
        command.hash,
        actor.user_id,
        reason,
        parts.clock(),
    )
    approvals.add(connection, made)
