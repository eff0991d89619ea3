"""What a person sees of themselves: at the top of every page, and on the first one."""

from dataclasses import dataclass

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships, organisations, users
from hyperion_control.usecases.parts import Parts

# Of those that a platform admin can go to; more are reached through the API.
MOST_PLACES = 200


@dataclass(frozen=True)
class Person:
    username: str
    name: str
    language: str
    time_zone: str
    enrolled: bool  # has a second factor


@dataclass(frozen=True)
class Place:
    """An organisation that the person can work in."""

    id: str
    name: str
    role: Role
    current: bool


def person(parts: Parts, actor: Actor) -> Person | None:
    with parts.database.reading("*") as connection:
        user = users.get(connection, actor.user_id)
    if user is None:
        return None
    enrolled = user.totp_seed is not None
    return Person(user.username, user.name, user.language, user.time_zone, enrolled)


def places(parts: Parts, actor: Actor) -> list[Place]:
    with parts.database.reading("*") as connection:
        roles = _roles(connection, actor)
        found = [organisations.get(connection, organisation_id) for organisation_id in roles]
    mine = [
        Place(one.id, one.name, roles[one.id], one.id == actor.organisation_id)
        for one in found
        if one is not None
    ]
    return sorted(mine, key=lambda place: place.name)


def _roles(connection: Connection, actor: Actor) -> dict[str, Role]:
    """By organisation; who runs the platform is admin everywhere."""
    if actor.platform_admin:
        everywhere = organisations.page(connection, "", MOST_PLACES)
        return {organisation.id: Role.ADMIN for organisation in everywhere}
    mine = memberships.of_user(connection, actor.user_id)
    return {membership.organisation_id: membership.role for membership in mine}
