"""The gate: before any view runs, who asks is known and may, or is refused and recorded."""

from dataclasses import replace
from typing import NoReturn

from flask import Flask, current_app, g, request

from hyperion_control.border import buttons, cookies, origin, waiting
from hyperion_control.border.context import Access, access_of, actor, parts
from hyperion_control.domain import limits, secrets_text
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    StepUpNeeded,
    Unauthorised,
)
from hyperion_control.usecases import agents, logins, second_factor, verification
from hyperion_control.usecases.parts import Parts

SIGN_IN = {"WWW-Authenticate": 'Bearer realm="hyperion"'}
STEP_UP = {
    "WWW-Authenticate": 'Bearer error="insufficient_user_authentication",'
    f" max_age={limits.STEP_UP.seconds}"
}
# By which an agent says what machine it is on.
FINGERPRINT = "X-Machine-Fingerprint"
DUTIES = {
    "password": ("choose a password of your own first", "/api/me/password"),
    "second-factor": ("set up a second factor first", "/api/me/second-factor"),
}


def guard(app: Flask) -> None:
    cookies.use(app)
    app.before_request(_check)


def whoever() -> Actor:
    """For views that are open to all and like to know who asks, if anybody we know."""
    try:
        return _authenticated(g.actor)
    except (Unauthorised, NotFound):
        return actor()


def secret() -> str:
    """What the request was signed in with; empty when with nothing."""
    return cookies.presented() or bearer()


def bearer() -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _check() -> None:
    g.actor = Actor(origin.origin(g.request_id))
    view = current_app.view_functions.get(request.endpoint or "")
    access = access_of(view) if view else None
    if access is None:  # there is no such address, as Flask is about to say
        return
    _refuse_forgery()
    if access.open:
        return
    if access.agents and bearer().startswith(secrets_text.AGENT):
        shown = request.headers.get(FINGERPRINT, "")
        g.agent = agents.authenticate(parts(), actor().origin, bearer(), shown)
        return
    g.actor = _authenticated(g.actor)
    _refuse(access)


def _refuse_forgery() -> None:
    buttons.refuse_unlisted()
    cookie = cookies.presented()
    if cookie and "Authorization" in request.headers:
        raise BadRequest("a cookie and an Authorization header in one request: send one of them")
    in_api = request.path.startswith("/api/")
    if cookie or not in_api:
        origin.refuse_foreign(with_cookie=bool(cookie))
    if cookie and in_api:
        origin.refuse_forms()


def _authenticated(stranger: Actor) -> Actor:
    given, wished = secret(), request.headers.get("X-Organisation")
    try:
        return _recognised(parts(), stranger, given, wished)
    except Unauthorised as refusal:
        refusal.headers.update(SIGN_IN)
        raise


def _recognised(parts: Parts, stranger: Actor, given: str, wished: str | None) -> Actor:
    if not given:
        raise Unauthorised("sign in first")
    if given.startswith(secrets_text.CHALLENGE):
        said = "this is no login yet: send it with a code to /api/auth/2fa/verify/"
        raise Unauthorised(said, code="code-needed")
    found = verification.recognised(parts, stranger.origin, given, wished)
    if wished and wished != found.organisation_id:  # a token is bound to one
        raise NotFound(logins.NO_ORGANISATION)
    return found


def _refuse(access: Access) -> None:
    """In this order: what is owed, what is bound, what the role is, how fresh the code is."""
    if access.agents:
        raise Forbidden("only the agent of a machine may do this")
    if access.duties and actor().duties:
        _refuse_debtor(actor().duties[0])
    if actor().token_id and not access.scope:
        raise Forbidden("a token cannot do this: sign in", code="token-not-allowed")
    if access.platform and not actor().platform_admin:
        raise Forbidden("only who runs the platform may do this")
    if access.role is not None:
        _refuse_small(access.role, access.scope)
    if access.step_up or buttons.pressed():
        _step_up()


def _refuse_debtor(duty: str) -> NoReturn:
    sentence, url = DUTIES[duty]
    raise Forbidden(sentence, code=f"{duty}-due", url=url)


def _refuse_small(least: Role, scope: str) -> None:
    role = actor().role
    if role is None:
        said = "name an organisation: X-Organisation, or PUT /api/logins/current"
        raise Forbidden(said, code="organisation-needed")
    if role < least:
        raise Forbidden(f"this takes the role {least} in this organisation")
    if not actor().may(least, scope):
        raise Forbidden(f"this token was not given {scope}", code="scope-missing")


def _step_up() -> None:
    """A code of the last minutes, or one that comes with the request, as with a button it must."""
    last, now = actor().second_factor_at, parts().clock()
    fresh = last is not None and now - last < limits.STEP_UP
    if fresh and not buttons.pressed():
        return
    if waiting.again():  # the code that came with it is used up
        return
    code = request.headers.get("X-OTP")
    if code is None:
        raise StepUpNeeded(
            "this takes a fresh code: send X-OTP with the request, or post one to step_up",
            headers=STEP_UP,
            step_up="/api/auth/step-up",
        )
    second_factor.check(parts(), actor(), code)
    g.actor = replace(actor(), second_factor_at=now)
