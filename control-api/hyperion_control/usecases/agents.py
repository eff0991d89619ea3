"""Agents: known by a secret that is good on one machine only, seen, renewed and ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hyperion_control.domain import secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.commands import TaskState
from hyperion_control.errors import Forbidden, NotFound, Unauthorised
from hyperion_control.store import agents, machines, queues, sightings, tasks
from hyperion_control.store.agents import Agent
from hyperion_control.store.tasks import Result
from hyperion_control.usecases import host_keys, issuing, reach, updates
from hyperion_control.usecases.enrolments import LIFE
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# An agent whose answer was lost comes again with the secret that it has.
OVERLAP = timedelta(hours=1)
FOREIGN_EVERY = timedelta(minutes=1)
RESTARTED = "the agent was started anew while it ran; the machine ends what it had begun"


@dataclass(frozen=True)
class Renewed:
    """The only time that the secret is seen."""

    expires_at: datetime
    secret: str = field(repr=False)


def authenticate(parts: Parts, origin: Origin, secret: str, fingerprint: str) -> Agent:
    """A good secret on another machine than its own was copied: refused, recorded and counted."""
    now = parts.clock()
    with parts.database.glancing() as connection:
        found = agents.present(connection, secrets_text.hashed(secret), now)
    if found is None:
        raise Unauthorised("this agent has ended or its secret has expired: enrol again")
    if fingerprint != found.fingerprint:
        _tell_foreign(parts, origin, found, now)
        said = "this agent's secret belongs to another machine: enrol this one by itself"
        raise Forbidden(said, code="foreign-machine")
    return found


def see(
    parts: Parts, agent: Agent, run: str, facts: Mapping[str, Any], at: datetime, host_key: str
) -> None:
    """What the agent tells of its machine; what it ran before a new start is lost."""
    now = parts.clock()
    told = {**facts, "clock_skew_seconds": round((at - now).total_seconds(), 1)}
    with parts.database.writing(agent.organisation_id, durable=False) as connection:
        agents.tell(connection, agent.id, run, told, now)
        sightings.mark_seen(connection, [agent.machine_id], now)
        left = queues.begun(connection, agent.id) if run != agent.run else []
    for task_id, kind in left:
        if kind != updates.KIND:  # which starts it anew, and goes on beside it
            _lose(parts, agent, task_id)
    if host_key:
        _offer(parts, agent, host_key)


def renew(parts: Parts, origin: Origin, agent: Agent, shown: str) -> Renewed:
    now, secret = parts.clock(), secrets_text.new(secrets_text.AGENT)
    hashes = secrets_text.hashed(shown), secrets_text.hashed(secret)
    with (
        parts.audit.acting(Entry(actor_of(agent, origin), "agent:rotate", agent.id)),
        parts.database.writing(agent.organisation_id) as connection,
    ):
        agents.rotate(connection, agent.id, *hashes, now + OVERLAP, now + LIFE)
    return Renewed(now + LIFE, secret)


def look(parts: Parts, actor: Actor, machine_id: str) -> Agent:
    with parts.database.reading(actor.organisation_id) as connection:
        reach.known(connection, actor, machine_id)
        found = agents.of_machine(connection, machine_id)
    if found is None:
        raise NotFound("this machine has no agent")
    return found


def end(parts: Parts, actor: Actor, machine_id: str) -> None:
    """From the next request on it is nobody; what it runs is lost when its lease is over."""
    found = look(parts, actor, machine_id)
    with (
        parts.audit.acting(Entry(actor, "agent:end", found.id, {"machine": machine_id})),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        agents.end(connection, machine_id, parts.clock())


def actor_of(agent: Agent, origin: Origin) -> Actor:
    """For the record."""
    return Actor(origin, organisation_id=agent.organisation_id, token_id=agent.id)


def _tell_foreign(parts: Parts, origin: Origin, agent: Agent, now: datetime) -> None:
    with parts.database.writing(agent.organisation_id) as connection:
        first = agents.mark_foreign(connection, agent.id, now, now - FOREIGN_EVERY)
    if first:
        detail = {"machine": agent.machine_id}
        whose = actor_of(agent, origin)
        parts.audit.note(Entry(whose, "agent:foreign", agent.id, detail, decision="refused"))


def _lose(parts: Parts, agent: Agent, task_id: str) -> None:
    with parts.database.writing(agent.organisation_id) as connection:
        task = tasks.get(connection, task_id)
        if task is None:
            return
        issuing.end(connection, task, Result(TaskState.LOST, RESTARTED), parts.clock())
    issuing.ring(parts, task.command_id, [task.id])


def _offer(parts: Parts, agent: Agent, key: str) -> None:
    """For an admin to compare and approve, as when we meet it by SSH."""
    with parts.database.reading(agent.organisation_id) as connection:
        machine = machines.get(connection, agent.organisation_id, agent.machine_id)
    if machine and key not in (machine.host_key, machine.host_key_offered):
        host_keys.offer(parts, actor_of(agent, Origin()), machine.id, key)
