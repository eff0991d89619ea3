"""The members of an organisation, for its admins."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api import answers
from hyperion_control.api.answers import NOTHING, LinkAnswer, UserAnswer
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, open_to_all, parts, requires
from hyperion_control.border.fields import (
    Email,
    Language,
    Password,
    RoleWord,
    TimeZone,
    Title,
    Username,
)
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.store.memberships import Member
from hyperion_control.usecases import accounts, photos, privacy, statistics, users
from hyperion_control.usecases.accounts import NewAccount
from hyperion_control.usecases.users import NewUser

bp = APIBlueprint("users", __name__, url_prefix="/api/users")
may_read = requires(Role.ADMIN, scope="users:read")
may_write = requires(Role.ADMIN, step_up=True)

PHOTO: dict[Any, Any] = {
    "200": {
        "description": "The photo",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UserPath(Path):
    user_id: str


class UsersQuery(PageQuery):
    search: str = Field("", max_length=100, description="A part of user name, name or e-mail.")


class UserBody(Body):
    username: Username
    name: Title
    role: RoleWord
    email: Email | None = None
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    sessions_per_day: int = Field(3, ge=0, le=100)


class ChangeBody(Body):
    """What is left out stays."""

    name: Title = ""
    email: Email | None = None
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    sessions_per_day: int = Field(3, ge=0, le=100)


class RegisterBody(Body):
    username: Username
    name: Title
    password: Password
    organisation: Title
    email: Email | None = None
    language: Language = "en"
    time_zone: TimeZone = "UTC"


class CreatedAnswer(Answer):
    user: UserAnswer
    link: LinkAnswer


class PeopleAnswer(Answer):
    users: int
    roles: dict[str, int]
    second_factor: int
    consented: int
    disabled: int
    signed_in: int


class ActivityAnswer(Answer):
    living_logins: int
    last_login_at: datetime | None
    sessions_today: int


class QuotaAnswer(Answer):
    used: int
    left: int
    may: bool
    why: str


@bp.get("", summary="List the members")
@may_read
def page(query: UsersQuery) -> Any:
    """List the members of the organisation by user name."""
    found = users.page(parts(), actor(), query.search, query.after, query.limit)
    return pages.answer(found, answers.member)


@bp.post("", summary="Create a user", responses={201: CreatedAnswer})
@may_write
def create(body: UserBody) -> Any:
    """Create a user, and a link by which they choose their password. The link is shown once.

    Who has an account already opens the link signed in, and joins with that account.
    """
    made = users.create(parts(), actor(), NewUser(**dict(body)))
    answer = {"user": answers.member(made.member), "link": answers.link(made.link)}
    return answer, 201, {"Location": f"/api/users/{made.member.user.id}"}


@bp.post("/register", summary="Register", responses={201: UserAnswer})
@open_to_all
def register(body: RegisterBody) -> Any:
    """Open an account with an organisation of one's own, where the settings allow it."""
    given = {name: getattr(body, name) for name in NewAccount.__dataclass_fields__}
    account = NewAccount(**given)
    made = accounts.register(parts(), actor().origin, account, body.email, body.organisation)
    return answers.user(made, Role.ADMIN), 201


@bp.get("/statistics", summary="Count the members", responses={200: PeopleAnswer})
@may_read
def count() -> Any:
    """Count the members by role, second factor, consent, and who is signed in."""
    return vars(statistics.people(parts(), actor()))


@bp.get("/<user_id>", summary="Look at a user", responses={200: UserAnswer})
@may_read
def look(path: UserPath) -> Any:
    """Look at a member, with the ETag that a change asks for."""
    return _answer(users.look(parts(), actor(), path.user_id))


@bp.patch("/<user_id>", summary="Change a user", responses={200: UserAnswer})
@may_write
def change(path: UserPath, body: ChangeBody) -> Any:
    """Change the profile or the quota; for admins of every organisation that the user is in."""
    changes = body.model_dump(exclude_unset=True)
    changed = users.change(parts(), actor(), path.user_id, changes, versions.if_match())
    return _answer(changed)


@bp.delete("/<user_id>", summary="Erase a user", responses=NOTHING)
@may_write
def erase(path: UserPath) -> Any:
    """Erase all that is kept of the person; the audit keeps an id that names nobody."""
    privacy.erase(parts(), actor(), path.user_id, versions.if_match())
    return "", 204


@bp.post("/<user_id>/disable", summary="Disable a user", responses={200: UserAnswer})
@may_write
def disable(path: UserPath) -> Any:
    """Shut the user out, with all logins and tokens, from the next request on."""
    return _answer(users.disable(parts(), actor(), path.user_id))


@bp.post("/<user_id>/enable", summary="Enable a user", responses={200: UserAnswer})
@may_write
def enable(path: UserPath) -> Any:
    """Let a disabled user sign in again."""
    return _answer(users.enable(parts(), actor(), path.user_id))


@bp.post("/<user_id>/reset", summary="Start a reset of the password", responses={201: LinkAnswer})
@may_write
def reset(path: UserPath) -> Any:
    """Make a link, good for an hour, by which the user chooses a new password.

    The link is shown once. It does not replace the second factor.
    """
    return answers.link(users.reset(parts(), actor(), path.user_id)), 201


@bp.get("/<user_id>/statistics", summary="What a user does", responses={200: ActivityAnswer})
@may_read
def activity(path: UserPath) -> Any:
    """Tell the living logins, the last login, and the sessions of today."""
    found = statistics.of_user(parts(), actor(), path.user_id)
    return ActivityAnswer(**vars(found)).model_dump(mode="json")


@bp.get(
    "/<user_id>/session-quota", summary="May a user open a session", responses={200: QuotaAnswer}
)
@requires(Role.OPERATOR, scope="users:read")
def quota(path: UserPath) -> Any:
    """Tell whether the user may open a session now, how many are left today, and why not."""
    return vars(statistics.quota(parts(), actor(), path.user_id))


@bp.get("/<user_id>/photo", summary="See the photo of a user", responses=PHOTO)
@requires(Role.OBSERVER, scope="users:read")
def photo(path: UserPath) -> Any:
    """Give the photo as JPEG, 512 pixels a side at most."""
    found = photos.look(parts(), actor(), path.user_id)
    answer = Response(found.image, mimetype="image/jpeg")
    # Nothing that anybody hid in it can run, even when it is opened by itself.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(photos.version(found))
    return answer.make_conditional(request)


def _answer(found: Member) -> Any:
    return answers.member(found), 200, versions.etag(found.user.version)
