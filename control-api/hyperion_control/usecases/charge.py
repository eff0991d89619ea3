"""Who decides over an account, and who must stay."""

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Forbidden, NotFound
from hyperion_control.store import memberships, users
from hyperion_control.store.users import User
from hyperion_control.usecases.parts import Parts

# What `Database.writing` calls the works that no two may do at once: two that look for a free
# name, and two last admins that each see the other stay.
ACCOUNTS = "accounts"


def deciding(parts: Parts, organisation_id: str = "*") -> AbstractContextManager[Connection]:
    """An account is not one organisation's: who may decide is asked of all its memberships."""
    return parts.database.writing(organisation_id, alone=ACCOUNTS)


def known(connection: Connection, actor: Actor, user_id: str) -> User:
    """Nobody sees more than the members of the organisation, but who runs the platform."""
    member = memberships.get(connection, actor.organisation_id or "", user_id)
    user = users.get(connection, user_id)
    if user is None or (member is None and not actor.platform_admin):
        raise NotFound("there is no such user")
    return user


def decided_over(connection: Connection, actor: Actor, user_id: str) -> User:
    """An account is one everywhere: who changes it must be admin wherever it is a member."""
    user = known(connection, actor, user_id)
    if not actor.platform_admin:
        _refuse_unless_admin_everywhere(connection, actor, user)
    return user


def refuse_above_own(actor: Actor, role: Role) -> None:
    if not actor.role or role > actor.role:
        raise Forbidden(f"nobody gives a larger role than their own: {role} is larger than yours")


def keep_an_admin(connection: Connection, organisation_id: str, user_id: str) -> None:
    """Refuses to take the last admin who can act away."""
    if memberships.admins(connection, organisation_id) == [user_id]:
        raise Conflict(
            "the last admin of an organisation stays: make somebody else admin first",
            code="last-admin",
        )


def keep_a_platform_admin(connection: Connection, user_id: str) -> None:
    if users.platform_admins(connection) == [user_id]:
        raise Conflict("the last platform admin stays: make another one first", code="last-admin")


def _refuse_unless_admin_everywhere(connection: Connection, actor: Actor, user: User) -> None:
    theirs = {member.organisation_id for member in memberships.of_user(connection, user.id)}
    if user.platform_admin or not theirs <= _administered(connection, actor):
        raise Forbidden(
            "this person is also in places where you are not admin:"
            " remove them from your organisation, or ask who runs the platform",
            code="not-in-charge",
        )


def _administered(connection: Connection, actor: Actor) -> set[str]:
    # A token is bound to one organisation, whatever its owner may elsewhere.
    if actor.token_id:
        return {actor.organisation_id or ""}
    mine = memberships.of_user(connection, actor.user_id)
    return {member.organisation_id for member in mine if member.role == Role.ADMIN}
