"""Routes: which alerts of an organisation reach which of its receivers."""

from datetime import datetime
from typing import Annotated, Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import Labels, Name
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.notifying import Quiet
from hyperion_control.store.routes import Route
from hyperion_control.usecases import routes
from hyperion_control.usecases.routes import Applied

bp = APIBlueprint("routes", __name__, url_prefix="/api/routes")
may_use = requires(Role.ADMIN, scope="admin")


def _quiet(text: str) -> str:
    return str(Quiet.parse(text)) if text else ""


Severities = Annotated[
    tuple[Literal["critical", "warning", "info"], ...], Field(min_length=1, max_length=3)
]
Class = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
Classes = Annotated[tuple[Class, ...], Field(max_length=50)]
Groups = Annotated[tuple[Name, ...], Field(max_length=50)]
Hours = Annotated[str, Field(max_length=80), AfterValidator(_quiet)]


class RoutePath(Path):
    route_id: str


class ChangeRouteBody(Body):
    """What is left out stays; what is empty is no condition."""

    receiver_id: str = Field("", max_length=40)
    severities: Severities = ("critical", "warning")
    classes: Classes = Field((), description="Subjects of rules, such as filesystem.")
    groups: Groups = Field((), description="Names of groups of machines.")
    labels: Labels = Field({}, description="That the machine has.")
    quiet: Hours = Field(
        "", description="Such as 22:00-07:00 Europe/Paris; what is critical is told then too."
    )
    enabled: bool = True


class RouteBody(ChangeRouteBody):
    receiver_id: str = Field(max_length=40)


class RouteAnswer(Answer):
    id: str
    receiver_id: str
    severities: tuple[str, ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    labels: dict[str, str]
    quiet: str
    enabled: bool
    created_at: datetime


class AppliedRouteAnswer(RouteAnswer):
    warning: str = Field(description="Why Alertmanager does not follow yet; it is asked again.")


@bp.get("", summary="List the routes")
@may_use
def page(query: PageQuery) -> Any:
    """List the routes; while there is none, who runs Hyperion is told instead."""
    found = routes.page(parts(), actor(), query.after, query.limit)
    return pages.answer(found, lambda each: _dump(RouteAnswer, each))


@bp.post("", summary="Make a route", responses={201: AppliedRouteAnswer})
@may_use
def create(body: RouteBody) -> Any:
    """Make a route; Alertmanager follows it at once, or the answer says why it does not yet."""
    made = routes.create(parts(), actor(), body.model_dump())
    here = {"Location": f"/api/routes/{made.route.id}"}
    return _applied(made), 201, versions.etag(made.route.version) | here


@bp.get("/<route_id>", summary="Look at a route", responses={200: RouteAnswer})
@may_use
def look(path: RoutePath) -> Any:
    """Look at a route, with the ETag that a change asks for."""
    found = routes.look(parts(), actor(), path.route_id)
    return _dump(RouteAnswer, found), 200, versions.etag(found.version)


@bp.patch("/<route_id>", summary="Change a route", responses={200: AppliedRouteAnswer})
@may_use
def change(path: RoutePath, body: ChangeRouteBody) -> Any:
    """Change a route, or switch it off."""
    changes = body.model_dump(exclude_unset=True)
    changed = routes.change(parts(), actor(), path.route_id, changes, versions.if_match())
    return _applied(changed), 200, versions.etag(changed.route.version)


@bp.delete("/<route_id>", summary="Remove a route", responses=NOTHING)
@may_use
def delete(path: RoutePath) -> Any:
    """Remove a route; the receiver stays."""
    routes.delete(parts(), actor(), path.route_id, versions.if_match())
    return "", 204


def _applied(applied: Applied) -> dict[str, Any]:
    return _dump(AppliedRouteAnswer, applied.route, warning=applied.warning)


def _dump(shape: type[Answer], found: Route, **more: object) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in RouteAnswer.model_fields}
    return shape(**shown, **more).model_dump(mode="json")
