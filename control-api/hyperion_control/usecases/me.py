"""One's own account: looked at and changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import NotFound
from hyperion_control.store import memberships, users
from hyperion_control.store.memberships import Membership
from hyperion_control.store.users import User
from hyperion_control.usecases import charge
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.users import write


@dataclass(frozen=True)
class Oneself:
    user: User
    memberships: list[Membership]


def look(parts: Parts, actor: Actor) -> Oneself:
    with parts.database.reading("*") as connection:
        return _oneself(connection, actor)


def change(parts: Parts, actor: Actor, changes: Mapping[str, Any], version: int | None) -> Oneself:
    entry = Entry(actor, "user:change", actor.user_id, {"fields": sorted(changes)})
    with parts.audit.acting(entry), charge.deciding(parts) as connection:
        write(connection, _oneself(connection, actor).user, changes, version)
        return _oneself(connection, actor)


def _oneself(connection: Connection, actor: Actor) -> Oneself:
    user = users.get(connection, actor.user_id)
    if user is None:
        raise NotFound("there is no such user")
    return Oneself(user, memberships.of_user(connection, user.id))
