"""Keys of machines: met by whoever connects, approved by an admin, and never changed silently."""

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.errors import Conflict
from hyperion_control.store import machines
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


def offer(parts: Parts, actor: Actor, machine_id: str, key: str) -> None:
    """Keep the key that a machine showed and that is not the approved one."""
    entry = Entry(actor, "host-key:offer", machine_id, {"fingerprint": fingerprint(key)})
    with parts.audit.acting(entry), reach.deciding(parts, actor) as connection:
        machine = reach.living(connection, actor, machine_id)
        machines.change(connection, machine, {"host_key_offered": key})


def approve(parts: Parts, actor: Actor, machine_id: str, seen: str) -> Machine:
    """`seen` is the fingerprint that the admin compared: not of another key offered meanwhile."""
    entry = Entry(actor, "host-key:approve", machine_id, {"fingerprint": seen})
    with parts.audit.acting(entry), reach.deciding(parts, actor) as connection:
        machine = reach.living(connection, actor, machine_id)
        offered = machine.host_key_offered
        if not offered or fingerprint(offered) != seen:
            raise Conflict("the machine offered no key with this fingerprint", code="no-such-key")
        machines.change(connection, machine, {"host_key": offered, "host_key_offered": ""})
        return reach.living(connection, actor, machine_id)


def forget(parts: Parts, actor: Actor, machine_id: str) -> Machine:
    """The next one that is met waits for an approval."""
    with (
        parts.audit.acting(Entry(actor, "host-key:forget", machine_id)),
        reach.deciding(parts, actor) as connection,
    ):
        machine = reach.living(connection, actor, machine_id)
        machines.change(connection, machine, {"host_key": "", "host_key_offered": ""})
        return reach.living(connection, actor, machine_id)
