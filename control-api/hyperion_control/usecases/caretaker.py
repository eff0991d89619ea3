"""What who runs this machine does with accounts, by name, when nobody can sign in to do it."""

from dataclasses import replace

from hyperion_control.domain import names
from hyperion_control.domain.actors import SYSTEM, Actor
from hyperion_control.domain.roles import Role
from hyperion_control.errors import NotFound
from hyperion_control.store import memberships, organisations, users
from hyperion_control.store.memberships import Member
from hyperion_control.store.users import User
from hyperion_control.usecases import second_factor
from hyperion_control.usecases import users as accounts
from hyperion_control.usecases.invitations import Handed
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.users import NewUser

PAGE = 500


def members(parts: Parts, organisation: str) -> list[Member]:
    """The first 500 by user name; more are found through the API."""
    place = _place(parts, organisation)
    with parts.database.reading("*") as connection:
        return memberships.page(connection, place, "", "", PAGE)


def create(parts: Parts, organisation: str, username: str, role: Role) -> Handed:
    """Returns the link by which the person chooses a password."""
    wanted = NewUser(
        username=names.username(username),
        name=username,
        role=role,
        email=None,
        language="en",
        time_zone="UTC",
        sessions_per_day=User.sessions_per_day,
    )
    return accounts.create(parts, _caretaker(_place(parts, organisation)), wanted).link


def disable(parts: Parts, username: str) -> None:
    accounts.disable(parts, _caretaker(), _named(parts, username).id)


def enable(parts: Parts, username: str) -> None:
    accounts.enable(parts, _caretaker(), _named(parts, username).id)


def reset_password(parts: Parts, username: str) -> Handed:
    """Returns the link; the second factor is asked for as before."""
    return accounts.reset(parts, _caretaker(), _named(parts, username).id)


def reset_second_factor(parts: Parts, username: str) -> None:
    """For who has lost the telephone and all recovery codes: the next login sets up another."""
    second_factor.take_away(parts, _caretaker(), _named(parts, username).id)


def _caretaker(organisation_id: str | None = None) -> Actor:
    return replace(SYSTEM, platform_admin=True, role=Role.ADMIN, organisation_id=organisation_id)


def _place(parts: Parts, organisation: str) -> str:
    with parts.database.reading("*") as connection:
        found = organisations.named(connection, organisation)
    if found is None:
        raise NotFound(f"there is no organisation named {organisation}")
    return found.id


def _named(parts: Parts, username: str) -> User:
    with parts.database.reading("*") as connection:
        found = users.named(connection, names.fold(username))
    if found is None:
        raise NotFound(f"there is no user named {username}")
    return found
