"""Whether who asked for a command may still have it done, when its tasks are about to begin."""

from sqlalchemy import Connection

from hyperion_control.domain.roles import Role
from hyperion_control.store import credentials, memberships, tokens, users
from hyperion_control.store.commands import Command


def may_still(connection: Connection, command: Command) -> bool:
    """A login may have ended meanwhile, but not the account, the membership or the token."""
    user = users.get(connection, command.user_id)
    if not credentials.may_sign_in(user) or not _token_is_good(connection, command):
        return False
    member = memberships.get(connection, command.organisation_id, user.id)
    role = member.role if member else None
    if user.platform_admin:
        role = Role.ADMIN
    return role is not None and role >= (Role.OBSERVER if command.passing else Role.OPERATOR)


def _token_is_good(connection: Connection, command: Command) -> bool:
    if not command.via.startswith("tok_"):
        return True
    token = tokens.get(connection, command.organisation_id, command.via)
    return token is not None and token.revoked_at is None
