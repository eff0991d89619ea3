"""From a machine to the runner that acts on it: where it is, whom we trust, who we are there."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Problem
from hyperion_control.runners.base import Outcome, Runner, Unreachable
from hyperion_control.runners.line import Hop, Key, Way
from hyperion_control.runners.local import LocalRunner
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from hyperion_control.store import machines, ssh_keys
from hyperion_control.store.machines import Machine
from hyperion_control.store.ssh_keys import SshKey
from hyperion_control.usecases import host_keys, jumps
from hyperion_control.usecases.parts import Parts


@dataclass(frozen=True)
class Route:
    """The machine itself and, before it, those that it is reached through."""

    machines: Sequence[Machine]
    runner: Runner


def find(parts: Parts, pool: Pool, organisation_id: str, machine_id: str) -> Route:
    """Raises Unreachable with the reason why there is no way."""
    try:
        hops, keys = _hops(parts, organisation_id, machine_id)
        if hops[-1].runner == "local":
            return Route(hops[-1:], LocalRunner())
        way = [_hop(parts, machine, keys) for machine in hops]
    except Unreachable:
        raise
    except Problem as fault:
        raise Unreachable(str(fault)) from fault
    return Route(hops, SshRunner(pool, Way(way[-1], tuple(way[:-1]))))


def keep_offered(parts: Parts, actor: Actor, route: Route, outcome: Outcome) -> None:
    """The key that a machine showed waits for an admin, who compares and approves it."""
    for machine in route.machines:
        if (machine.host, machine.ssh_port) == outcome.offered_by:
            if machine.host_key_offered != outcome.offered:
                host_keys.offer(parts, actor, machine.id, outcome.offered)
            return


def _hops(
    parts: Parts, organisation_id: str, machine_id: str
) -> tuple[list[Machine], dict[str, SshKey]]:
    with parts.database.reading(organisation_id) as connection:
        machine = machines.get(connection, organisation_id, machine_id)
        if machine is None or machine.deleted_at is not None:
            raise Unreachable("this machine was deleted")
        hops = [*jumps.through(connection, machine), machine]
        wanted = {hop.ssh_key_id for hop in hops if hop.ssh_key_id}
        found = (ssh_keys.get(connection, organisation_id, key_id) for key_id in wanted)
        return hops, {key.id: key for key in found if key}


def _hop(parts: Parts, machine: Machine, keys: dict[str, SshKey]) -> Hop:
    if not machine.host:
        raise Unreachable(f"{machine.name} has no address: give it a hostname or an IP address")
    key = keys.get(machine.ssh_key_id or "")
    opened = _opened(parts, key) if key else None
    return Hop(machine.host, machine.ssh_user, machine.host_key, opened, machine.ssh_port)


def _opened(parts: Parts, key: SshKey) -> Key:
    private = parts.sealer.open(key.private, ssh_keys.context(key.id))
    return Key(private.decode(), key.certificate)
