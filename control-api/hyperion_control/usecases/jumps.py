"""Machines that are reached through another one: which, in what order, and that it is no circle."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Conflict, Forbidden, Invalid
from hyperion_control.store import machines, ssh_keys
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import reach

# Each is a connection of its own that all behind it goes through.
MOST_JUMPS = 4
WAY = {"jump_id", "runner"}


def through(connection: Connection, machine: Machine) -> list[Machine]:
    """The machines to log in to before it, the nearest to us first."""
    found: list[Machine] = []
    jump_id = machine.jump_id
    while jump_id:
        if jump_id in (machine.id, *(jump.id for jump in found)):
            raise Conflict(f"{machine.name} would be reached through itself", code="jump-circle")
        if len(found) == MOST_JUMPS:
            said = f"{machine.name} would be reached through more than {MOST_JUMPS} machines"
            raise Conflict(said, code="jump-too-far")
        found.append(_jump(connection, machine, jump_id))
        jump_id = found[-1].jump_id
    return found[::-1]


def refuse_unfit(
    connection: Connection, actor: Actor, machine: Machine, values: Mapping[str, Any]
) -> None:
    """`values` are what the machine gets; what it is reached by must be there and allowed."""
    if values.get("runner") == "local" and machine.runner != "local":
        _refuse_tenants(actor)
    key_id, jump_id = values.get("ssh_key_id"), values.get("jump_id")
    if key_id and ssh_keys.get(connection, machine.organisation_id, key_id) is None:
        raise _invalid("ssh_key_id", "there is no such key")
    if jump_id:
        jump = machines.get(connection, machine.organisation_id, jump_id)
        if jump is None or not reach.selector(actor).matches(jump.all_labels):
            raise _invalid("jump_id", "there is no such machine")


def refuse_circle(connection: Connection, machine: Machine) -> None:
    """For a machine as it was just written."""
    try:
        if machine.runner == "ssh":
            through(connection, machine)
        elif behind := machines.reached_by(connection, machine.organisation_id, machine.id):
            raise Conflict(f"{behind} is reached through this machine by SSH")
    except Conflict as fault:
        raise _invalid("jump_id", str(fault)) from None


def _jump(connection: Connection, machine: Machine, jump_id: str) -> Machine:
    jump = machines.get(connection, machine.organisation_id, jump_id)
    if jump is None or jump.deleted_at is not None:
        said = f"{machine.name} is reached through a machine that was deleted"
        raise Conflict(said, code="jump-gone")
    if jump.runner != "ssh":
        said = f"{machine.name} is reached through {jump.name}, which is not reached by SSH"
        raise Conflict(said, code="jump-not-ssh")
    return jump


def _refuse_tenants(actor: Actor) -> None:
    """Whoever acts on our own machine can read what we keep secret from them."""
    if not actor.platform_admin or actor.token_id:
        raise Forbidden("only who runs the platform may have us act on our own machine")


def _invalid(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])
