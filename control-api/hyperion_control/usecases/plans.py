"""What a command would do: which machines it reaches, and whether it may."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import batches, ids, selectors
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.batches import Width
from hyperion_control.domain.orders import Order
from hyperion_control.domain.policies import Judgement, Verdict, judge
from hyperion_control.domain.roles import Role
from hyperion_control.domain.selectors import Selector
from hyperion_control.errors import Conflict, Invalid, NotFound
from hyperion_control.store import groups, machines, policies
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts

# What has not begun by then never does, unless who asks says otherwise.
BEGIN_WITHIN = timedelta(hours=1)
APPROVE_WITHIN = timedelta(hours=24)
LONGEST = timedelta(days=30)
# How far the clock of who asks may be behind ours.
CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True)
class Selection:
    """One of the three."""

    machines: tuple[str, ...] = ()
    group: str = ""  # its name or id
    selector: str = ""


@dataclass(frozen=True)
class Asked:
    order: Order
    selection: Selection
    width: Width = field(default_factory=Width)
    expected_targets: int | None = None
    reason: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What would be done, by name of the machines."""

    asked: Asked
    machines: list[Machine]
    judgement: Judgement
    lasts: timedelta  # how long it may wait before it begins

    @property
    def waits(self) -> bool:
        return self.judgement.verdict is Verdict.NEEDS_APPROVAL


def plan(parts: Parts, actor: Actor, asked: Asked) -> Plan:
    with parts.database.reading(actor.organisation_id) as connection:
        found = sorted(_chosen(connection, actor, asked.selection), key=lambda each: each.name)
        role = actor.role or Role.OBSERVER
        rules = policies.rules(connection, actor.organisation_id or "", role)
    _refuse_other_number(asked, len(found))
    judgement = judge(rules, asked.order.argv, asked.order.env)
    waits = judgement.verdict is Verdict.NEEDS_APPROVAL
    return Plan(asked, found, judgement, _lasts(asked, len(found), parts.clock(), waits=waits))


def selector(text: str) -> Selector:
    """As somebody sent it."""
    try:
        return selectors.parse(text)
    except ValueError as wrong:
        raise _invalid("selector", str(wrong)) from None


def _chosen(connection: Connection, actor: Actor, selection: Selection) -> Iterator[Machine]:
    if selection.machines:
        for machine_id in dict.fromkeys(selection.machines):
            yield reach.living(connection, actor, machine_id)
        return
    mine, chosen = reach.selector(actor), _selector(connection, actor, selection)
    for machine in machines.walk(connection, actor.organisation_id or ""):
        if mine.matches(machine.all_labels) and chosen.matches(machine.all_labels):
            yield machine


def _selector(connection: Connection, actor: Actor, selection: Selection) -> Selector:
    if selection.group:
        return selector(f"group={_group(connection, actor.organisation_id or '', selection.group)}")
    return selector(selection.selector)


def _group(connection: Connection, organisation_id: str, given: str) -> str:
    look_up = groups.get if ids.is_one("grp", given) else groups.named
    found = look_up(connection, organisation_id, given)
    if found is None:
        raise NotFound("there is no such group")
    return found.name


def _refuse_other_number(asked: Asked, targets: int) -> None:
    if asked.expected_targets not in (None, targets):
        said = f"this reaches {targets} machines and not {asked.expected_targets}: look again"
        raise Conflict(said, code="targets-differ", targets=targets)
    if not targets:
        raise Conflict("this reaches no machine", code="no-targets")


def _refuse_times(asked: Asked, now: datetime) -> None:
    for name in ("not_before", "expires_at"):
        at = getattr(asked, name)
        if at is not None and not now - CLOCKS_DIFFER <= at <= now + LONGEST:
            raise _invalid(name, f"this must lie in the next {LONGEST.days} days")
    if asked.not_before and asked.expires_at and asked.expires_at <= asked.not_before:
        raise _invalid("expires_at", "it would be over before it begins")


def _lasts(asked: Asked, targets: int, now: datetime, *, waits: bool) -> timedelta:
    _refuse_times(asked, now)
    if asked.expires_at:
        return asked.expires_at - now
    begins = max(now, asked.not_before or now)
    goes_on = batches.until_last(asked.width, targets, asked.order.seconds)
    return begins - now + goes_on + (APPROVE_WITHIN if waits else BEGIN_WITHIN)


def _invalid(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])
