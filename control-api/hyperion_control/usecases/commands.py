"""Commands: what is asked of machines, begun, looked at and canceled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.commands import OPEN_COMMANDS, CommandState
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.policies import Verdict
from hyperion_control.errors import Forbidden, Invalid, NotFound
from hyperion_control.store import approvals, commands, machines, outputs, queues, tasks
from hyperion_control.store.approvals import Approval
from hyperion_control.store.commands import STOPPABLE, Command, Wanted
from hyperion_control.store.machines import Machine
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import issuing, plans, reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.plans import Plan
from hyperion_control.usecases.recorder import Entry

KIND: Action = "command:run"


@dataclass(frozen=True)
class Share:
    """A task, and how many bytes of each stream are kept."""

    task: Task
    stdout_kept: int
    stderr_kept: int


@dataclass(frozen=True)
class Told:
    """A command, with what other tables know of it."""

    command: Command
    by: str  # the name of who asked
    states: Mapping[str, int]  # of its tasks
    machine: Task | None  # where it is only one
    approval: Approval | None


@dataclass(frozen=True)
class Search:
    """Which commands a list shows; empty is any."""

    machine: str = ""  # its name or id
    selector: str = ""
    kind: str = ""
    state: str = ""
    by: str = ""  # a user's name or id
    since: datetime | None = None


def run(parts: Parts, actor: Actor, planned: Plan, kind: Action = KIND) -> Command:
    """As it was planned, be the machines' labels what they may by now."""
    asked, judgement = planned.asked, planned.judgement
    if judgement.verdict is Verdict.DENIED:
        raise Forbidden(judgement.why, code="denied-by-policy", policy=judgement.rule_id or None)
    machine_ids = [machine.id for machine in planned.machines]
    command = issuing.draft(
        parts,
        actor,
        kind,
        asked.order,
        machine_ids,
        planned.lasts,
        asked.width,
        state=CommandState.PENDING_APPROVAL if planned.waits else CommandState.QUEUED,
        selection={name: value for name, value in vars(asked.selection).items() if value},
        reason=asked.reason,
        not_before=asked.not_before,
    )
    detail = {"hash": command.hash, "targets": command.targets}
    with (
        parts.audit.acting(Entry(actor, kind, command.id, detail)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        issuing.write(connection, command, machine_ids)
    parts.bell.ring(issuing.TASKS)
    for agents_machine in (each for each in planned.machines if each.runner == "queue"):
        parts.bell.ring(agents_machine.id)
    return command


def page(parts: Parts, actor: Actor, wanted: Search, after: str, limit: int) -> Page[Told]:
    """The newest first; with a token for some machines, those that concern no others."""
    organisation_id = actor.organisation_id or ""
    with parts.database.reading(organisation_id) as connection:
        sought = _sought(connection, actor, wanted)
        found = commands.page(connection, organisation_id, sought, _before(after), limit + 1)
        mine = [each for each in found[:limit] if _reached(connection, actor, each.id)]
        shown = _told(connection, mine)
    last = found[limit - 1] if len(found) > limit else None
    return Page(shown, f"{last.created_at.isoformat()} {last.id}" if last else "")


def look(parts: Parts, actor: Actor, command_id: str) -> Told:
    with parts.database.reading(actor.organisation_id) as connection:
        [told] = _told(connection, [known(connection, actor, command_id)])
    return told


def shares(parts: Parts, actor: Actor, command_id: str, after: str, limit: int) -> Page[Share]:
    with parts.database.reading(actor.organisation_id) as connection:
        known(connection, actor, command_id)
        place = int(after) if after.isdecimal() else -1
        found = tasks.of_command(connection, command_id, place, limit + 1)
        kept = outputs.kept(connection, command_id)
    shown = [_share(task, kept) for task in found]
    return cut(shown, limit, lambda share: str(share.task.place))


def share(parts: Parts, actor: Actor, task_id: str) -> Share:
    """Of a look as well."""
    with parts.database.reading(actor.organisation_id) as connection:
        task = tasks.get(connection, task_id)
        if task is None or task.organisation_id != actor.organisation_id:
            raise NotFound("there is no such task")
        reach.known(connection, actor, task.machine_id)
        kept = outputs.kept(connection, task.command_id)
    return _share(task, kept)


def has_ended(parts: Parts, actor: Actor, command_id: str) -> bool:
    with parts.database.reading(actor.organisation_id) as connection:
        return known(connection, actor, command_id).state not in OPEN_COMMANDS


def cancel(parts: Parts, actor: Actor, command_id: str) -> None:
    """Asked again it changes nothing; it has ended once every machine has said so."""
    with parts.database.reading(actor.organisation_id) as connection:
        if known(connection, actor, command_id).state not in STOPPABLE:
            return
    with (
        parts.audit.acting(Entry(actor, "command:cancel", command_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        issuing.cancel(connection, command_id, actor.user_id, parts.clock())
        concerned = queues.concerned(connection, command_id)
    issuing.ring(parts, command_id, concerned)
    parts.bell.ring(issuing.TASKS)


def known(connection: Connection, actor: Actor, command_id: str) -> Command:
    found = commands.get(connection, command_id)
    mine = found is not None and found.organisation_id == actor.organisation_id
    if found is None or not mine or not _reached(connection, actor, command_id):
        raise NotFound("there is no such command")
    return found


def _share(task: Task, kept: Mapping[tuple[str, str], int]) -> Share:
    return Share(task, kept.get((task.id, "stdout"), 0), kept.get((task.id, "stderr"), 0))


def _told(connection: Connection, found: Sequence[Command]) -> list[Told]:
    command_ids = [command.id for command in found]
    names = commands.askers(connection, {command.user_id for command in found})
    states = tasks.states(connection, command_ids)
    firsts = tasks.firsts(connection, command_ids)
    decided = approvals.of(connection, command_ids)
    return [
        Told(
            command,
            names.get(command.user_id, ""),
            states.get(command.id, {}),
            firsts.get(command.id) if command.targets == 1 else None,
            decided.get(command.id),
        )
        for command in found
    ]


def _sought(connection: Connection, actor: Actor, wanted: Search) -> Wanted:
    machine_ids = None
    if wanted.machine or wanted.selector:
        chosen = plans.selector(wanted.selector)
        found = _candidates(connection, actor.organisation_id or "", wanted.machine)
        machine_ids = [each.id for each in found if chosen.matches(each.all_labels)]
    return Wanted(machine_ids, wanted.kind, wanted.state, wanted.by, wanted.since)


def _candidates(connection: Connection, organisation_id: str, machine: str) -> Iterable[Machine]:
    """All that live, or the one of that name or id; by its id also one that was deleted."""
    if not machine:
        return machines.walk(connection, organisation_id)
    look_up = machines.get if ids.is_one("mch", machine) else machines.named
    found = look_up(connection, organisation_id, machine)
    return [found] if found else []


def _reached(connection: Connection, actor: Actor, command_id: str) -> bool:
    if not actor.machines:
        return True
    mine = reach.selector(actor)
    found = tasks.machines_of(connection, command_id)
    labels = [machines.get(connection, actor.organisation_id or "", each) for each in found]
    return all(machine and mine.matches(machine.all_labels) for machine in labels)


def _before(after: str) -> tuple[datetime, str] | None:
    if not after:
        return None
    written, _, command_id = after.partition(" ")
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise Invalid("the cursor cannot be read: begin without one")
    return at, command_id
