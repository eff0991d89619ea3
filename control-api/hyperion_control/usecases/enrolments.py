"""Enrolments: handed out by people, and traded for the identity of an agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain import tokens as rules
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.machine_states import OFFLINE_AFTER
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Forbidden, NotFound, Unauthorised
from hyperion_control.store import agents, enrolments, machines, memberships, users
from hyperion_control.store.agents import Agent
from hyperion_control.store.enrolments import Enrolment
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import machines as inventory
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# Of an agent's secret; it asks for a new one when half of that is over.
LIFE = timedelta(days=30)
QUEUE = {"runner": "queue"}
REFUSED = "this enrolment token is not good here and now: ask for a new one"


@dataclass(frozen=True)
class Wanted:
    minutes: int
    uses: int
    machine_id: str | None
    labels: Mapping[str, str]
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Handed:
    """The only time that the secret is seen."""

    enrolment: Enrolment
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Enrolled:
    """The only time that the secret is seen."""

    agent: Agent
    machine: Machine
    secret: str = field(repr=False)


def create(parts: Parts, actor: Actor, wanted: Wanted) -> Handed:
    if actor.machines:
        said = "a token for some machines cannot bring others in"
        raise Forbidden(said, code="beyond-selector")
    now, secret = parts.clock(), secrets_text.new(secrets_text.ENROLMENT)
    enrolment = Enrolment(
        id=ids.new("enr"),
        organisation_id=actor.organisation_id or "",
        machine_id=wanted.machine_id,
        labels=wanted.labels,
        addresses=wanted.addresses,
        uses=wanted.uses,
        created_by=actor.user_id,
        created_at=now,
        expires_at=now + timedelta(minutes=wanted.minutes),
    )
    detail = {"minutes": wanted.minutes, "uses": wanted.uses, "machine": wanted.machine_id}
    with (
        parts.audit.acting(Entry(actor, "enrolment:create", enrolment.id, detail)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        if wanted.machine_id:
            reach.living(connection, actor, wanted.machine_id)
        enrolments.add(connection, enrolment, secrets_text.hashed(secret))
    return Handed(enrolment, secret)


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Enrolment]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = enrolments.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda enrolment: enrolment.id)


def revoke(parts: Parts, actor: Actor, enrolment_id: str) -> None:
    """The agents that came in by it stay."""
    with parts.database.reading(actor.organisation_id) as connection:
        if enrolments.get(connection, actor.organisation_id or "", enrolment_id) is None:
            raise NotFound("there is no such enrolment")
    with (
        parts.audit.acting(Entry(actor, "enrolment:revoke", enrolment_id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        enrolments.revoke(connection, enrolment_id, parts.clock())


def trade(parts: Parts, origin: Origin, secret: str, fingerprint: str, name: str) -> Enrolled:
    """For a machine that says what it is called; whatever is wrong is the same refusal."""
    now, agent_id, new = parts.clock(), ids.new("agt"), secrets_text.new(secrets_text.AGENT)
    enrolment = _good(parts, origin, secret, now)
    actor = Actor(origin, organisation_id=enrolment.organisation_id, token_id=enrolment.id)
    with (
        parts.audit.acting(Entry(actor, "agent:enrol", agent_id, {"enrolment": enrolment.id})),
        reach.deciding(parts, actor) as connection,
    ):
        if not enrolments.use(connection, enrolment.id):
            raise Unauthorised(REFUSED)
        machine = _machine(connection, parts, actor, enrolment, fingerprint, name)
        agents.end(connection, machine.id, now)
        agent = Agent(
            id=agent_id,
            organisation_id=enrolment.organisation_id,
            machine_id=machine.id,
            enrolment_id=enrolment.id,
            fingerprint=fingerprint,
            created_at=now,
            expires_at=now + LIFE,
        )
        agents.add(connection, agent, secrets_text.hashed(new))
    return Enrolled(agent, machine, new)


def _good(parts: Parts, origin: Origin, secret: str, now: datetime) -> Enrolment:
    if not secrets_text.is_one(secrets_text.ENROLMENT, secret):
        raise Unauthorised(REFUSED)
    with parts.database.reading("*") as connection:
        found = enrolments.present(connection, secrets_text.hashed(secret))
        may = found is not None and _may_still(connection, found)
    if found is None:
        raise Unauthorised(REFUSED)
    if why := _refusal(found, origin.address, now, may):
        actor = Actor(origin, organisation_id=found.organisation_id, token_id=found.id)
        refused = Entry(actor, "enrolment:use", found.id, {"why": why}, decision="refused")
        parts.audit.note(refused)
        raise Unauthorised(REFUSED)
    return found


def _may_still(connection: Connection, found: Enrolment) -> bool:
    """Whether its maker could make another: with a person rest the tokens that they made."""
    maker = users.get(connection, found.created_by)
    if maker is None or maker.disabled_at is not None:
        return False
    roles = {m.organisation_id: m.role for m in memberships.of_user(connection, maker.id)}
    return maker.platform_admin or roles.get(found.organisation_id, 0) >= Role.OPERATOR


def _refusal(found: Enrolment, address: str, now: datetime, may: bool) -> str:
    """For the record only."""
    if not may:
        return "its maker may no more"
    if found.revoked_at is not None:
        return "revoked"
    if found.expires_at <= now:
        return "expired"
    if found.used >= found.uses:
        return "used up"
    return "" if rules.good_from(found.addresses, address) else "address"


def _machine(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    enrolment: Enrolment,
    fingerprint: str,
    name: str,
) -> Machine:
    """The one that it is for, the one that was here before, or a new one.

    Never one that only has the same name: whoever enrols would get what others mean for it.
    """
    if enrolment.machine_id:
        return _adopted(connection, parts, actor, enrolment.machine_id)
    before = agents.last_on(connection, enrolment.organisation_id, fingerprint)
    if before and _lives(connection, before):
        _refuse_alive(parts, before)
        return _adopted(connection, parts, actor, before.machine_id)
    if machines.named(connection, enrolment.organisation_id, name):
        said = f"there is a machine called {name} already: enrol with a token that is made for it"
        raise Conflict(f"{said}, or give this one another name", code="name-taken")
    values = {"name": name, "labels": enrolment.labels, **QUEUE}
    return inventory.add(connection, parts, actor, ids.new("mch"), values)


def _adopted(connection: Connection, parts: Parts, actor: Actor, machine_id: str) -> Machine:
    machine = reach.living(connection, actor, machine_id)
    return inventory.write(connection, parts, actor, machine, QUEUE, None)


def _lives(connection: Connection, before: Agent) -> bool:
    machine = machines.get(connection, before.organisation_id, before.machine_id)
    return machine is not None and machine.deleted_at is None


def _refuse_alive(parts: Parts, before: Agent) -> None:
    """Nobody who only has a token puts an agent out that works."""
    seen = before.seen_at
    if before.ended_at is None and seen and parts.clock() - seen < OFFLINE_AFTER:
        said = "this machine, or one with the same machine-id, has an agent that is at work"
        raise Conflict(f"{said}: end that one first", code="agent-alive")
