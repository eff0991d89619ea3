"""Many machines at once: all of them are taken in, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.inventory import COLUMNS, Line, written
from hyperion_control.errors import Conflict, Forbidden, Invalid
from hyperion_control.store import groups as group_table
from hyperion_control.store import machines as table
from hyperion_control.store import ssh_keys
from hyperion_control.store.groups import Group
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import machines, reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

COLOUR = "#808080"  # of groups that an import makes


@dataclass(frozen=True)
class Taken:
    created: int
    changed: int


def export(parts: Parts, actor: Actor, form: str) -> str:
    found = machines.everything(parts, actor)
    return written(form, ({name: getattr(machine, name) for name in COLUMNS} for machine in found))


def take(parts: Parts, actor: Actor, lines: Sequence[Line]) -> Taken:
    """By name: who is there is changed in what is given, who is not is added."""
    entry = Entry(actor, "machine:import", "", {"machines": len(lines)})
    _refuse_twice(lines)
    with parts.audit.acting(entry), reach.deciding(parts, actor) as connection:
        there = {machine.name: machine for machine in _all(connection, actor)}
        _release(connection, there, lines)
        # Jumps last: the machine that is meant may stand in a later line.
        for take in (_take, _join):
            faults = []
            for line in lines:
                try:
                    take(connection, parts, actor, there, line.values)
                except (Conflict, Forbidden, Invalid) as fault:
                    faults.append(_error(line, str(fault)))
            if faults:
                raise Invalid("nothing was imported: see errors", errors=faults)
    changed = sum(line.values["name"] in there for line in lines)
    return Taken(len(lines) - changed, changed)


def _take(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    there: Mapping[str, Machine],
    given: Mapping[str, Any],
) -> None:
    values = {name: value for name, value in given.items() if name != "jump"}
    if "group" in values:
        values["group_id"] = _group(connection, parts, actor, values.pop("group"))
    if "ssh_key" in values:
        values["ssh_key_id"] = _key(connection, actor, values.pop("ssh_key"))
    known = there.get(values["name"])
    if known is None:
        machines.add(connection, parts, actor, ids.new("mch"), values)
        return
    reach.kept(connection, actor, known.id)
    machines.write(connection, parts, actor, known, values, None)


def _join(
    connection: Connection,
    parts: Parts,
    actor: Actor,
    _there: Mapping[str, Machine],
    given: Mapping[str, Any],
) -> None:
    organisation_id = actor.organisation_id or ""
    known = table.named(connection, organisation_id, given["name"])
    name = given.get("jump")
    if name is None or known is None or name == known.jump:
        return
    jump = table.named(connection, organisation_id, name) if name else None
    if name and jump is None:
        raise Invalid(f"there is no machine called {name}")
    values = {"jump_id": jump.id if jump else None}
    machines.write(connection, parts, actor, known, values, None)


def _release(connection: Connection, there: Mapping[str, Machine], lines: Sequence[Line]) -> None:
    """So that two machines can change addresses with each other."""
    for line in lines:
        known = there.get(line.values["name"])
        given = {"ips", "macs"} & line.values.keys()
        if known is not None and given:
            table.change(connection, known, dict.fromkeys(given, ()))


def _group(connection: Connection, parts: Parts, actor: Actor, name: str) -> str | None:
    if not name:
        return None
    organisation_id = actor.organisation_id or ""
    known = group_table.named(connection, organisation_id, name)
    if known is not None:
        return known.id
    reach.refuse_narrowed(actor)
    made = Group(ids.new("grp"), organisation_id, name, COLOUR, parts.clock())
    group_table.add(connection, made)
    return made.id


def _key(connection: Connection, actor: Actor, name: str) -> str | None:
    known = ssh_keys.named(connection, actor.organisation_id or "", name)
    if name and known is None:
        raise Invalid(f"there is no SSH key called {name}")
    return known.id if known else None


def _all(connection: Connection, actor: Actor) -> list[Machine]:
    return list(table.walk(connection, actor.organisation_id or ""))


def _refuse_twice(lines: Sequence[Line]) -> None:
    seen: set[str] = set()
    for line in lines:
        name = line.values["name"]
        if name in seen:
            detail = f"{name} stands in an earlier line already"
            raise Invalid("nothing was imported: see errors", errors=[_error(line, detail)])
        seen.add(name)


def _error(line: Line, detail: str) -> dict[str, object]:
    return {"pointer": "", "line": line.number, "detail": detail}
