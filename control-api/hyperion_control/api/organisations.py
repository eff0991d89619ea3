"""Organisations and the roles of their members."""

from datetime import datetime
from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control.api import answers
from hyperion_control.api.answers import NOTHING, MembershipAnswer
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, parts, platform_only, requires
from hyperion_control.border.fields import RoleWord, Title
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.store.organisations import Organisation
from hyperion_control.usecases import organisations

bp = APIBlueprint("organisations", __name__, url_prefix="/api/organisations")


class OrganisationPath(Path):
    organisation_id: str


class MemberPath(OrganisationPath):
    user_id: str


class OrganisationBody(Body):
    name: Title


class RoleBody(Body):
    role: RoleWord


class OrganisationAnswer(Answer):
    id: str
    name: str
    created_at: datetime


@bp.get("", summary="List the organisations")
@platform_only()
def page(query: PageQuery) -> Any:
    """List all organisations by name, for who runs the platform."""
    return pages.answer(organisations.page(parts(), query.after, query.limit), _show)


@bp.post("", summary="Create an organisation", responses={201: OrganisationAnswer})
@platform_only(step_up=True)
def create(body: OrganisationBody) -> Any:
    """Create an organisation; its first admin is invited by who runs the platform."""
    made = organisations.create(parts(), actor(), body.name)
    here = {"Location": f"/api/organisations/{made.id}"}
    return _show(made), 201, versions.etag(made.version) | here


@bp.get(
    "/<organisation_id>", summary="Look at an organisation", responses={200: OrganisationAnswer}
)
@requires(Role.OBSERVER)
def look(path: OrganisationPath) -> Any:
    """Look at the organisation that one is in."""
    found = organisations.look(parts(), actor(), path.organisation_id)
    return _show(found), 200, versions.etag(found.version)


@bp.patch(
    "/<organisation_id>", summary="Rename an organisation", responses={200: OrganisationAnswer}
)
@platform_only(step_up=True)
def rename(path: OrganisationPath, body: OrganisationBody) -> Any:
    """Rename an organisation."""
    seen = versions.if_match()
    found = organisations.rename(parts(), actor(), path.organisation_id, body.name, seen)
    return _show(found), 200, versions.etag(found.version)


@bp.get("/<organisation_id>/members", summary="List the members and their roles")
@requires(Role.ADMIN, scope="users:read")
def members(path: OrganisationPath, query: PageQuery) -> Any:
    """List the members by user name."""
    found = organisations.members(parts(), actor(), path.organisation_id, query.after, query.limit)
    return pages.answer(found, answers.member)


@bp.patch(
    "/<organisation_id>/members/<user_id>",
    summary="Change the role of a member",
    responses={200: MembershipAnswer},
)
@requires(Role.ADMIN, step_up=True)
def set_role(path: MemberPath, body: RoleBody) -> Any:
    """Give a member another role, no larger than one's own; the last admin keeps theirs."""
    changed = organisations.set_role(
        parts(), actor(), path.organisation_id, path.user_id, body.role
    )
    return answers.membership(changed)


@bp.delete("/<organisation_id>/members/<user_id>", summary="Remove a member", responses=NOTHING)
@requires(Role.ADMIN, step_up=True)
def remove(path: MemberPath) -> Any:
    """Remove a member; the account stays, the tokens in this organisation end."""
    organisations.remove(parts(), actor(), path.organisation_id, path.user_id)
    return "", 204


def _show(found: Organisation) -> dict[str, Any]:
    shown = OrganisationAnswer(id=found.id, name=found.name, created_at=found.created_at)
    return shown.model_dump(mode="json")
