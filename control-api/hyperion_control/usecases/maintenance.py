"""Maintenance of a machine: it always has an end, and the silence of its alerts ends with it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Conflict
from hyperion_control.store import machines, maintenances
from hyperion_control.store.machines import Machine
from hyperion_control.store.maintenances import Maintenance
from hyperion_control.usecases import reach, silences
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

LONGEST = timedelta(days=90)
MOST_SHOWN = 200


@dataclass(frozen=True)
class Kept:
    maintenance: Maintenance
    unsilenced: str = ""  # why Alertmanager does not know of it yet


def begin(parts: Parts, actor: Actor, machine_id: str, length: timedelta, reason: str) -> Kept:
    now = parts.clock()
    until = now + length
    made = Maintenance(
        ids.new("mnt"),
        actor.organisation_id or "",
        machine_id,
        reason,
        actor.user_id,
        now,
        until,
    )
    with parts.audit.acting(Entry(actor, "maintenance:begin", machine_id, _detail(until))):
        with reach.deciding(parts, actor) as connection:
            machine = reach.living(connection, actor, machine_id)
            if maintenances.current(connection, machine_id, now):
                said = "this machine is in maintenance already: extend it instead"
                raise Conflict(said, code="in-maintenance")
            maintenances.add(connection, made)
            machines.change(connection, machine, {"maintenance_until": until})
        return _silenced(parts, made)


def extend(parts: Parts, actor: Actor, machine_id: str, length: timedelta) -> Kept:
    """It ends so long from now, be that later or sooner than it would."""
    until = parts.clock() + length
    with parts.audit.acting(Entry(actor, "maintenance:extend", machine_id, _detail(until))):
        with reach.deciding(parts, actor) as connection:
            machine, running = _running(connection, parts, actor, machine_id)
            maintenances.extend(connection, running.id, until)
            machines.change(connection, machine, {"maintenance_until": until})
        return _silenced(parts, replace(running, until=until))


def end(parts: Parts, actor: Actor, machine_id: str) -> Kept:
    now = parts.clock()
    with parts.audit.acting(Entry(actor, "maintenance:end", machine_id)):
        with reach.deciding(parts, actor) as connection:
            machine, running = _running(connection, parts, actor, machine_id)
            maintenances.end(connection, running.id, now)
            machines.change(connection, machine, {"maintenance_until": None})
        return _silenced(parts, replace(running, ended_at=now))


def history(parts: Parts, actor: Actor, machine_id: str) -> list[Maintenance]:
    """Also of a machine that was deleted."""
    with parts.database.reading(actor.organisation_id) as connection:
        reach.known(connection, actor, machine_id)
        return maintenances.history(connection, machine_id, MOST_SHOWN)


def _silenced(parts: Parts, maintenance: Maintenance) -> Kept:
    return Kept(maintenance, silences.keep_one(parts, maintenance.id))


def _running(
    connection: Connection, parts: Parts, actor: Actor, machine_id: str
) -> tuple[Machine, Maintenance]:
    machine = reach.living(connection, actor, machine_id)
    running = maintenances.current(connection, machine_id, parts.clock())
    if running is None:
        raise Conflict("this machine is not in maintenance", code="not-in-maintenance")
    return machine, running


def _detail(until: datetime) -> dict[str, object]:
    return {"until": until.isoformat()}
