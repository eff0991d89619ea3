"""Accounts that people open for themselves: by invitation, or where registration is open."""

from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from hyperion_control.domain import ids, names
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Forbidden
from hyperion_control.store import memberships, organisations, users
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.users import User
from hyperion_control.usecases import charge, guessing, passwords
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


@dataclass(frozen=True)
class NewAccount:
    username: str
    name: str
    password: str = field(repr=False)
    language: str
    time_zone: str


def prepare(parts: Parts, wanted: NewAccount, email: str | None) -> User:
    """All that takes long, before the database is asked to wait for it."""
    user = User(
        number=0,
        id=ids.new("usr"),
        username=wanted.username,
        created_at=parts.clock(),
        email=email,
        name=wanted.name,
        language=wanted.language,
        time_zone=wanted.time_zone,
    )
    passwords.refuse_weak(wanted.password, user)
    return replace(user, password_hash=parts.hasher.hash(wanted.password))


def open_account(connection: Connection, user: User) -> User:
    """For who decides alone (`charge.deciding`); returns it with its number."""
    refuse_taken(connection, user.username)
    reached = replace(user, login_email=login_email(connection, user.id, user.email))
    return replace(reached, number=users.add(connection, reached))


def register(
    parts: Parts, origin: Origin, wanted: NewAccount, email: str | None, organisation: str
) -> User:
    """With an organisation of one's own, where the settings allow it."""
    if not parts.settings.open_registration:
        raise Forbidden("nobody can register here: ask for an invitation", code="closed")
    guessing.try_link(parts, origin)
    now, organisation_id = parts.clock(), ids.new("org")
    user = prepare(parts, wanted, email)
    actor = Actor(origin, user_id=user.id, organisation_id=organisation_id)
    with (
        parts.audit.acting(Entry(actor, "user:register", user.id)),
        charge.deciding(parts, organisation_id) as connection,
    ):
        if organisations.named(connection, organisation) is not None:
            raise Conflict("this name of an organisation is taken: choose another one")
        made = open_account(connection, user)
        organisations.add(connection, Organisation(organisation_id, organisation, now))
        memberships.add(connection, Membership(organisation_id, user.id, Role.ADMIN, now))
    return made


def refuse_taken(connection: Connection, username: str) -> None:
    if users.named(connection, username) is not None:
        raise Conflict("this user name is taken: choose another one", code="username-taken")


def login_email(connection: Connection, user_id: str, email: str | None) -> str | None:
    """What to sign in with; who is not the first to give an address does not learn it."""
    folded = names.fold(email) if email else None
    holder = users.named(connection, folded) if folded else None
    return folded if holder is None or holder.id == user_id else None
