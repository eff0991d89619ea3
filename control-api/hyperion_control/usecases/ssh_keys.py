"""The keys that we log in to machines with: their private halves come in and never go out."""

from sqlalchemy import Connection

from hyperion_control.domain import ids
from hyperion_control.domain import ssh_keys as rules
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.ssh_keys import Pair
from hyperion_control.errors import Conflict, NotFound
from hyperion_control.store import machines, ssh_keys
from hyperion_control.store.ssh_keys import SshKey
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


def create(parts: Parts, actor: Actor, name: str, pair: Pair) -> SshKey:
    key = _sealed(parts, actor, name, pair)
    with (
        parts.audit.acting(Entry(actor, "ssh-key:create", key.id)),
        reach.deciding(parts, actor) as connection,
    ):
        if ssh_keys.named(connection, key.organisation_id, name):
            raise Conflict(f"there is a key called {name} already", code="name-taken")
        ssh_keys.add(connection, key)
    return key


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[SshKey]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = ssh_keys.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda key: key.name)


def look(parts: Parts, actor: Actor, key_id: str) -> SshKey:
    with parts.database.reading(actor.organisation_id) as connection:
        return _known(connection, actor, key_id)


def certify(parts: Parts, actor: Actor, key_id: str, certificate: str) -> SshKey:
    """Empty: no certificate any more."""
    with (
        parts.audit.acting(Entry(actor, "ssh-key:certify", key_id)),
        reach.deciding(parts, actor) as connection,
    ):
        key = _known(connection, actor, key_id)
        line = rules.certificate(certificate, key.public) if certificate else ""
        ssh_keys.certify(connection, key_id, line)
        return _known(connection, actor, key_id)


def delete(parts: Parts, actor: Actor, key_id: str) -> None:
    with (
        parts.audit.acting(Entry(actor, "ssh-key:delete", key_id)),
        reach.deciding(parts, actor) as connection,
    ):
        key = _known(connection, actor, key_id)
        if user := machines.reached_by(connection, key.organisation_id, key_id):
            said = f"the machine {user} is reached with this key: give it another one first"
            raise Conflict(said, code="key-in-use")
        machines.forget_key(connection, key_id)
        ssh_keys.remove(connection, key_id)


def _sealed(parts: Parts, actor: Actor, name: str, pair: Pair) -> SshKey:
    key_id = ids.new("ssk")
    private = parts.sealer.seal(pair.private.encode(), ssh_keys.context(key_id))
    organisation_id, now = actor.organisation_id or "", parts.clock()
    return SshKey(key_id, organisation_id, name, pair.public, private, actor.user_id, now)


def _known(connection: Connection, actor: Actor, key_id: str) -> SshKey:
    found = ssh_keys.get(connection, actor.organisation_id or "", key_id)
    if found is None:
        raise NotFound("there is no such key")
    return found
