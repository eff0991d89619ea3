"""Updates of agents: what is on offer, which machines run something else, and who is to change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from hyperion_control import __version__
from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.batches import Width
from hyperion_control.domain.orders import Order
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Conflict
from hyperion_control.store import agents, machines
from hyperion_control.store.agents import Agent
from hyperion_control.usecases import handout, plans, reach
from hyperion_control.usecases.enrolments import QUEUE
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.plans import Asked, Plan, Selection

KIND: Action = "agent:update"
# Known by its first word to policies and in lists; run by no shell and no runner.
PROGRAM = "hyperion-update"


@dataclass(frozen=True)
class Wanted:
    selection: Selection
    width: Width
    seconds: int  # within which the new version must report
    reason: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """What an agent last told that it is."""

    machine_id: str
    machine: str
    version: str
    release: str
    state: str  # current, old, or manual: nothing updates it but who installed it
    seen_at: datetime | None


def plan(parts: Parts, actor: Actor, wanted: Wanted) -> Plan:
    """Of the machines that are chosen, those with an agent that can update itself."""
    order = Order((PROGRAM, __version__, handout.release()), seconds=wanted.seconds)
    asked = Asked(
        order,
        wanted.selection,
        wanted.width,
        reason=wanted.reason,
        expires_at=wanted.expires_at,
    )
    planned = plans.plan(parts, actor, asked)
    with parts.database.reading(actor.organisation_id) as connection:
        found = agents.by_machines(connection, actor.organisation_id or "")
    chosen = [each for each in planned.machines if each.runner == QUEUE["runner"]]
    able = [each for each in chosen if each.id in found and release_of(found[each.id])]
    if not able:
        said = "none of these machines has an agent that updates itself: run install.sh there"
        raise Conflict(said, code="no-agents")
    return replace(planned, machines=able)


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Standing]:
    """By the machines' names."""
    with parts.database.reading(actor.organisation_id) as connection:
        found = list(islice(_walk(connection, actor, after), limit + 1))
    return cut(found, limit, lambda standing: standing.machine)


def release_of(agent: Agent) -> str:
    """Empty when it told none, as one does that was not installed by install.sh."""
    return str(agent.facts.get("versions", {}).get("release", ""))


def _walk(connection: Connection, actor: Actor, after: str) -> Iterator[Standing]:
    organisation_id, mine = actor.organisation_id or "", reach.selector(actor)
    found = agents.by_machines(connection, organisation_id)
    for machine in machines.walk(connection, organisation_id, after):
        if machine.id in found and mine.matches(machine.all_labels):
            yield _standing(machine.name, found[machine.id])


def _standing(machine: str, agent: Agent) -> Standing:
    release = release_of(agent)
    state = "current" if release == handout.release() else "old"
    version = str(agent.facts.get("versions", {}).get("agent", ""))
    shown = agent.machine_id, machine, version, release
    return Standing(*shown, state if release else "manual", agent.seen_at)
