"""Logins: one's own, and those in which members work in an organisation."""

from datetime import datetime
from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.border.context import actor, parts, requires, signed_in
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.domain.roles import Role
from hyperion_control.store.logins import Login
from hyperion_control.usecases import logins

bp = APIBlueprint("logins", __name__, url_prefix="/api")


class LoginAnswer(Answer):
    id: str
    kind: str
    organisation_id: str | None
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    second_factor_at: datetime | None
    current: bool = Field(description="The one that asks.")


class LoginsAnswer(Answer):
    data: list[LoginAnswer]


class LoginPath(Path):
    login_id: str


class LoginsMemberPath(Path):
    user_id: str


class MembersLoginPath(LoginsMemberPath, LoginPath):
    pass


class Switch(Body):
    organisation: str = Field(min_length=1, max_length=40, description="Its id.")


@bp.get("/logins", responses={"200": LoginsAnswer})
@signed_in(duties=False)
def own() -> dict[str, Any]:
    """List where one is signed in."""
    return _listed(logins.own(parts(), actor()))


@bp.delete("/logins", responses={"204": None})
@signed_in(duties=False)
def end_others() -> tuple[str, int]:
    """End all of one's logins but the one that asks."""
    logins.revoke_others(parts(), actor())
    return "", 204


@bp.delete("/logins/<login_id>", responses={"204": None})
@signed_in(duties=False)
def end(path: LoginPath) -> tuple[str, int]:
    """End one of one's logins."""
    logins.revoke(parts(), actor(), path.login_id)
    return "", 204


@bp.put("/logins/current", responses={"204": None})
@signed_in(duties=False)
def switch(body: Switch) -> tuple[str, int]:
    """Work in another of one's organisations from now on."""
    logins.switch(parts(), actor(), body.organisation)
    return "", 204


@bp.get("/users/<user_id>/logins", responses={"200": LoginsAnswer})
@requires(Role.ADMIN, scope="users:read")
def of_member(path: LoginsMemberPath) -> dict[str, Any]:
    """List where a member is signed in to this organisation."""
    return _listed(logins.of_member(parts(), actor(), path.user_id))


@bp.delete("/users/<user_id>/logins/<login_id>", responses={"204": None})
@requires(Role.ADMIN, scope="users:write")
def end_of_member(path: MembersLoginPath) -> tuple[str, int]:
    """End a login of a member in this organisation."""
    logins.revoke_of_member(parts(), actor(), path.user_id, path.login_id)
    return "", 204


def _listed(found: list[Login]) -> dict[str, Any]:
    shown = [LoginAnswer(**vars(login), current=login.id == actor().login_id) for login in found]
    return LoginsAnswer(data=shown).model_dump(mode="json")
