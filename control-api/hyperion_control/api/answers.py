"""How users, roles and links are shown, wherever they are."""

from datetime import datetime
from typing import Any

from hyperion_control.border.context import parts
from hyperion_control.border.fields import RoleWord
from hyperion_control.border.models import Answer
from hyperion_control.store import links
from hyperion_control.store.memberships import Member, Membership
from hyperion_control.store.users import User
from hyperion_control.usecases.invitations import Handed

# The page on which each kind of link is used.
PAGES = {links.INVITATION: "invitation", links.PASSWORD: "password"}

NOTHING: dict[Any, Any] = {"204": {"description": "Done"}}


class UserAnswer(Answer):
    id: str
    number: int
    username: str
    name: str
    email: str | None
    language: str
    time_zone: str
    role: RoleWord | None
    platform_admin: bool
    second_factor: bool
    sessions_per_day: int
    consented_at: datetime | None
    consent_revoked_at: datetime | None
    disabled_at: datetime | None
    created_at: datetime


class LinkAnswer(Answer):
    secret: str
    url: str
    expires_at: datetime


class MembershipAnswer(Answer):
    organisation_id: str
    user_id: str
    role: RoleWord
    created_at: datetime


def user(found: User, role: Any) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in UserAnswer.model_fields if hasattr(found, name)}
    factor = found.totp_seed is not None
    return UserAnswer(**shown, role=role, second_factor=factor).model_dump(mode="json")


def member(found: Member) -> dict[str, Any]:
    return user(found.user, found.role)


def membership(found: Membership) -> dict[str, Any]:
    return MembershipAnswer(**vars(found)).model_dump(mode="json")


def link(handed: Handed) -> dict[str, Any]:
    """With the secret, which is shown this once."""
    page = PAGES[handed.link.purpose]
    url = f"{parts().settings.public_url}/{page}/{handed.secret}"
    answer = LinkAnswer(secret=handed.secret, url=url, expires_at=handed.link.expires_at)
    return answer.model_dump(mode="json")
