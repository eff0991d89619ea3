"""Machines: added, looked at, changed, counted, and deleted without losing their history."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids, machine_states, selectors
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.machine_states import State
from hyperion_control.domain.pages import Page, cut
from hyperion_control.errors import Conflict, Invalid, Stale
from hyperion_control.store import addresses, groups, machines, maintenances, memberships
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import jumps, reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


@dataclass(frozen=True)
class Filter:
    selector: str = ""
    state: State | None = None
    search: str = ""  # a part of the name


@dataclass(frozen=True)
class Counted:
    machines: int
    states: Mapping[str, int]
    groups: Mapping[str, int]


def create(parts: Parts, actor: Actor, values: Mapping[str, Any]) -> Machine:
    machine_id = ids.new("mch")
    with (
        parts.audit.acting(Entry(actor, "machine:create", machine_id)),
        reach.deciding(parts, actor) as connection,
    ):
        return add(connection, parts, actor, machine_id, values)


def page(parts: Parts, actor: Actor, wanted: Filter, after: str, limit: int) -> Page[Machine]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = list(islice(_matching(connection, parts, actor, wanted, after), limit + 1))
    return cut(found, limit, lambda machine: machine.name)


def everything(parts: Parts, actor: Actor) -> list[Machine]:
    """All that live, by name."""
    with parts.database.reading(actor.organisation_id) as connection:
        return list(_matching(connection, parts, actor, Filter(), ""))


def look(parts: Parts, actor: Actor, machine_id: str) -> Machine:
    with parts.database.reading(actor.organisation_id) as connection:
        return reach.known(connection, actor, machine_id)


def change(
    parts: Parts, actor: Actor, machine_id: str, changes: Mapping[str, Any], version: int | None
) -> Machine:
    entry = Entry(actor, "machine:change", machine_id, {"fields": sorted(changes)})
    with parts.audit.acting(entry), reach.deciding(parts, actor) as connection:
        machine = reach.living(connection, actor, machine_id)
        return write(connection, parts, actor, machine, changes, version)


def delete(parts: Parts, actor: Actor, machine_id: str, version: int | None) -> None:
    """Name and addresses are free again; what was done on it and with it stays."""
    with (
        parts.audit.acting(Entry(actor, "machine:delete", machine_id)),
        reach.deciding(parts, actor) as connection,
    ):
        machine, now = reach.living(connection, actor, machine_id), parts.clock()
        if behind := machines.reached_by(connection, machine.organisation_id, machine_id):
            said = f"{behind} is reached through this machine: give it another way first"
            raise Conflict(said, code="jump-in-use")
        if running := maintenances.current(connection, machine_id, now):
            maintenances.end(connection, running.id, now)
        gone = {"deleted_at": now, "online": False, "maintenance_until": None}
        _change(connection, machine, {**gone, "ips": (), "macs": ()}, version)


def count(parts: Parts, actor: Actor) -> Counted:
    now, found = parts.clock(), everything(parts, actor)
    states = Counter(str(state(machine, now)) for machine in found)
    return Counted(
        len(found),
        {str(each): states[each] for each in State},
        dict(sorted(Counter(machine.group for machine in found if machine.group).items())),
    )


def state(machine: Machine, now: datetime) -> State:
    return machine_states.state(
        now, machine.maintenance_until, machine.online, machine.session_id is not None
    )


def add(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    machine_id: str,
    values: Mapping[str, Any],
) -> Machine:
    organisation_id = actor.organisation_id or ""
    new = Machine(machine_id, organisation_id, "", parts.clock())
    _refuse_unfit(connection, actor, new, values)
    machines.add(connection, replace(new, **values))
    return _written(connection, actor, new, values)


def write(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    machine: Machine,
    changes: Mapping[str, Any],
    version: int | None,
) -> Machine:
    _refuse_unfit(connection, actor, machine, changes)
    if changes.get("name", machine.name) != machine.name:
        maintenances.forget_silence(connection, machine.id, parts.clock())
    _change(connection, machine, changes, version)
    return _written(connection, actor, machine, changes)


def _written(
    connection: Connection, actor: Actor, machine: Machine, changes: Mapping[str, Any]
) -> Machine:
    now = reach.kept(connection, actor, machine.id)
    if changes.keys() & jumps.WAY:
        jumps.refuse_circle(connection, now)
    return now


def _matching(
    connection: Connection, parts: Parts, actor: Actor, wanted: Filter, after: str
) -> Iterator[Machine]:
    mine, chosen, now = reach.selector(actor), _selector(wanted.selector), parts.clock()
    for machine in machines.walk(connection, actor.organisation_id or "", after):
        labels = machine.all_labels
        if not mine.matches(labels) or not chosen.matches(labels):
            continue
        if wanted.state in (None, state(machine, now)) and wanted.search in machine.name:
            yield machine


def _selector(text: str) -> selectors.Selector:
    try:
        return selectors.parse(text)
    except ValueError as wrong:
        raise _invalid("selector", str(wrong)) from None


def _change(
    connection: Connection, machine: Machine, values: Mapping[str, Any], version: int | None
) -> None:
    if not machines.change(connection, machine, values, version):
        raise Stale("somebody changed this machine meanwhile: look again and send the new ETag")


def _refuse_unfit(
    connection: Connection, actor: Actor, machine: Machine, values: Mapping[str, Any]
) -> None:
    """What is taken, or is not there."""
    organisation_id = machine.organisation_id
    named = machines.named(connection, organisation_id, values.get("name", ""))
    if named is not None and named.id != machine.id:
        raise Conflict(f"there is a machine called {named.name} already", code="name-taken")
    given = [*values.get("ips", ()), *values.get("macs", ())]
    _refuse_taken(connection, organisation_id, machine.id, given)
    jumps.refuse_unfit(connection, actor, machine, values)
    group_id, owner_id = values.get("group_id"), values.get("owner_id")
    if group_id and groups.get(connection, organisation_id, group_id) is None:
        raise _invalid("group_id", "there is no such group")
    if owner_id and memberships.get(connection, organisation_id, owner_id) is None:
        raise _invalid("owner_id", "there is no such member")


def _refuse_taken(
    connection: Connection, organisation_id: str, machine_id: str, given: Sequence[str]
) -> None:
    for address in given:
        holder = addresses.holder(connection, organisation_id, address)
        if holder not in (None, machine_id):
            raise Conflict(f"another machine has the address {address}", code="address-taken")


def _invalid(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])
