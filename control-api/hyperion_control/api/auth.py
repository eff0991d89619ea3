"""Signing in and out, and proving anew who one is."""

from datetime import datetime
from typing import Any, Literal

from flask import redirect
from flask_openapi3 import APIBlueprint
from pydantic import Field
from werkzeug import Response

from hyperion_control.border import cookies, gate, origin
from hyperion_control.border.context import actor, open_to_all, parts, signed_in
from hyperion_control.border.credentials import (
    BrowserCredentials,
    Code,
    Credentials,
    code_field,
    name_field,
    password_field,
)
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.domain import limits
from hyperion_control.usecases import logins, passwords, second_factor, signing_in, verification
from hyperion_control.usecases.signing_in import API, BROWSER, Passed, Wish

bp = APIBlueprint("auth", __name__, url_prefix="/api/auth")


class OneCall(Credentials):
    code: str | None = code_field(None)
    organisation: str | None = Field(None, max_length=40, description="Where to work; an id.")


class Who(Answer):
    id: str
    number: int
    username: str


class Bearer(Answer):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  as RFC 6750 calls it
    expires_at: datetime
    idle_seconds: int = Field(description="It ends sooner when it is not used for so long.")
    duties: list[str] = Field(description="What must be done before anything else.")
    user: Who


class Renewed(Answer):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  as RFC 6750 calls it


class Verify(Body):
    token: str = Field(max_length=100)


class Verified(Answer):
    active: bool
    kind: Literal["", "login", "token"] = ""
    user_id: str = ""
    organisation_id: str | None = None
    role: str = ""
    scopes: list[str] | None = Field(None, description="Null: not narrowed.")


class Challenged(Body):
    token: str = Field(max_length=100, description="What api-login answered.")
    code: str = code_field()


class AccessToken(Answer):
    access_token: str


class Second(Answer):
    success: Literal[True] = True
    data: AccessToken


class Fresh(Answer):
    seconds: int = Field(description="So long, what takes a fresh code is open to this login.")


class Wanted(Body):
    username: str = name_field()


class Chosen(Body):
    password: str = password_field()


class Link(Path):
    secret: str


@bp.post("/login/", responses={"303": {"description": "To the page where it goes on"}})
@open_to_all
def login(body: BrowserCredentials) -> Response:
    """Sign a browser in, by cookie; leads on to the first page or to the code."""
    origin.refuse_foreign(with_cookie=False)
    asker, wish = gate.whoever(), Wish(BROWSER)
    passed = signing_in.with_password(parts(), asker, wish, body.username, body.password)
    return redirect(cookies.carry(passed), 303)


@bp.post("/2fa/verify/", responses={"200": Second})
@open_to_all
def second(body: Challenged) -> dict[str, Any]:
    """Change the token of api-login and a code for an access token."""
    wish = Wish(API)
    passed = signing_in.with_code(parts(), actor().origin, wish, body.token, body.code)
    return Second(data=AccessToken(access_token=passed.login)).model_dump()


@bp.post("/token", responses={"201": Bearer})
@open_to_all
def token(body: OneCall) -> tuple[dict[str, Any], int]:
    """Sign a program in, in one call."""
    asker, wish = gate.whoever(), Wish(API, body.organisation)
    passed = signing_in.at_once(parts(), asker, wish, body.username, body.password, body.code)
    return _bearer(passed), 201


@bp.post("/token/refresh", responses={"200": Renewed})
@signed_in(duties=False)
def refresh() -> dict[str, Any]:
    """Change the bearer of this login for a new one; the one before is dead at once."""
    renewed = logins.renew(parts(), actor(), gate.bearer())
    return Renewed(access_token=renewed).model_dump()


@bp.post("/token/verify", responses={"200": Verified})
@open_to_all
def verify(body: Verify) -> dict[str, Any]:
    """Say whether a bearer is good now, and for what."""
    found = verification.verify(parts(), actor().origin, body.token)
    return Verified(**vars(found)).model_dump()


@bp.post("/step-up", responses={"200": Fresh})
@signed_in(duties=False)
def step_up(body: Code) -> dict[str, Any]:
    """Give a fresh code, for all that takes one in the next minutes."""
    second_factor.step_up(parts(), actor(), body.code)
    cookies.renew()
    return Fresh(seconds=limits.STEP_UP.seconds).model_dump()


@bp.post("/logout", responses={"204": None})
@signed_in(duties=False)
def logout() -> tuple[str, int]:
    """End this login, here and in the database."""
    logins.end(parts(), actor())
    cookies.forget()
    return "", 204


@bp.post(
    "/password-reset", responses={"202": {"description": "Whether there is such a user or not"}}
)
@open_to_all
def ask_reset(body: Wanted) -> tuple[dict[str, Any], int]:
    """Ask for a new password: an admin sees it in the audit and hands out a link."""
    passwords.ask_reset(parts(), actor().origin, body.username)
    return {"detail": "if there is such a user, an admin can now send them a link"}, 202


@bp.post("/password-reset/<secret>", responses={"204": None})
@open_to_all
def reset(path: Link, body: Chosen) -> tuple[str, int]:
    """Choose a new password by a link that an admin handed out; it is good once."""
    passwords.reset(parts(), actor().origin, path.secret, body.password)
    return "", 204


def _bearer(passed: Passed) -> dict[str, Any]:
    user = Who(id=passed.user.id, number=passed.user.number, username=passed.user.username)
    return Bearer(
        access_token=passed.login,
        expires_at=passed.expires_at,
        idle_seconds=limits.IDLE.seconds,
        duties=list(passed.duties),
        user=user,
    ).model_dump(mode="json")
