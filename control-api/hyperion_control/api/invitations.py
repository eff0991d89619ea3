"""Invitations to an organisation: one-use links for people, with or without an account."""

from datetime import datetime
from typing import Any, Self

from flask_openapi3 import APIBlueprint
from pydantic import model_validator

from hyperion_control.api import answers
from hyperion_control.api.answers import NOTHING, LinkAnswer, MembershipAnswer
from hyperion_control.border import gate, pages
from hyperion_control.border.context import actor, open_to_all, parts, requires
from hyperion_control.border.fields import (
    Email,
    Language,
    Password,
    RoleWord,
    Secret,
    TimeZone,
    Title,
    Username,
)
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.store.links import Link
from hyperion_control.usecases import invitations
from hyperion_control.usecases.accounts import NewAccount

bp = APIBlueprint("invitations", __name__, url_prefix="/api/invitations")


class InvitationPath(Path):
    invitation_id: str


class InvitationBody(Body):
    role: RoleWord
    email: Email | None = None


class AcceptBody(Body):
    """Who has no account sends user name, name and password too."""

    secret: Secret
    username: Username | None = None
    name: Title | None = None
    password: Password | None = None
    language: Language = "en"
    time_zone: TimeZone = "UTC"

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        if len({given is None for given in (self.username, self.name, self.password)}) > 1:
            raise ValueError("send all of username, name and password, or none when signed in")
        return self

    @property
    def account(self) -> NewAccount | None:
        if not (self.username and self.name and self.password):
            return None
        return NewAccount(self.username, self.name, self.password, self.language, self.time_zone)


class InvitationAnswer(Answer):
    id: str
    role: RoleWord
    email: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime


class InvitedAnswer(LinkAnswer):
    id: str


@bp.get("", summary="List the open invitations")
@requires(Role.ADMIN, scope="users:read")
def page(query: PageQuery) -> Any:
    """List the invitations that can still be used."""
    return pages.answer(invitations.page(parts(), actor(), query.after, query.limit), _show)


@bp.post("", summary="Invite somebody", responses={201: InvitedAnswer})
@requires(Role.ADMIN, step_up=True)
def create(body: InvitationBody) -> Any:
    """Make a link, good once within seven days, to join with a role no larger than one's own."""
    made = invitations.create(parts(), actor(), body.role, body.email)
    return {"id": made.link.id, **answers.link(made)}, 201


@bp.post("/accept", summary="Accept an invitation", responses={200: MembershipAnswer})
@open_to_all
def accept(body: AcceptBody) -> Any:
    """Join with the account that one is signed in with, or with a new one."""
    joined = invitations.use(parts(), gate.whoever(), body.secret, body.account)
    return answers.membership(joined)


@bp.delete("/<invitation_id>", summary="Revoke an invitation", responses=NOTHING)
@requires(Role.ADMIN)
def revoke(path: InvitationPath) -> Any:
    """Withdraw an invitation that nobody has used yet."""
    invitations.revoke(parts(), actor(), path.invitation_id)
    return "", 204


def _show(link: Link) -> dict[str, Any]:
    shown = {name: getattr(link, name) for name in InvitationAnswer.model_fields}
    return InvitationAnswer(**shown).model_dump(mode="json")
