"""Groups of machines, each with a colour."""

from datetime import datetime
from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import Colour, Name
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.border.repeatable import repeatable
from hyperion_control.domain.roles import Role
from hyperion_control.store.groups import Group
from hyperion_control.usecases import groups

bp = APIBlueprint("groups", __name__, url_prefix="/api/groups")
may_read = requires(Role.OBSERVER, scope="machines:read")
may_write = requires(Role.OPERATOR, scope="machines:write")


class GroupPath(Path):
    group_id: str


class GroupBody(Body):
    name: Name
    colour: Colour


class ChangeGroupBody(Body):
    """What is left out stays."""

    name: Name = ""
    colour: Colour = ""


class GroupAnswer(Answer):
    id: str
    name: str
    colour: str
    created_at: datetime


@bp.get("", summary="List the groups")
@repeatable
@may_read
def page(query: PageQuery) -> Any:
    """List the groups by name."""
    return pages.answer(groups.page(parts(), actor(), query.after, query.limit), _show)


@bp.post("", summary="Make a group", responses={201: GroupAnswer})
@may_write
def create(body: GroupBody) -> Any:
    """Make a group; machines join it by their group_id."""
    made = groups.create(parts(), actor(), body.name, body.colour)
    here = {"Location": f"/api/groups/{made.id}"}
    return _show(made), 201, versions.etag(made.version) | here


@bp.get("/<group_id>", summary="Look at a group", responses={200: GroupAnswer})
@repeatable
@may_read
def look(path: GroupPath) -> Any:
    """Look at a group, with the ETag that a change asks for."""
    return _answer(groups.look(parts(), actor(), path.group_id))


@bp.patch("/<group_id>", summary="Change a group", responses={200: GroupAnswer})
@may_write
def change(path: GroupPath, body: ChangeGroupBody) -> Any:
    """Change name or colour; in Prometheus the machines change their label `group` with it."""
    changes = body.model_dump(exclude_unset=True)
    seen = versions.if_match()
    return _answer(groups.change(parts(), actor(), path.group_id, changes, seen))


@bp.delete("/<group_id>", summary="Dissolve a group", responses=NOTHING)
@may_write
def delete(path: GroupPath) -> Any:
    """Dissolve a group; its machines stay."""
    groups.delete(parts(), actor(), path.group_id, versions.if_match())
    return "", 204


def _answer(found: Group) -> Any:
    return _show(found), 200, versions.etag(found.version)


def _show(found: Group) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in GroupAnswer.model_fields}
    return GroupAnswer(**shown).model_dump(mode="json")
