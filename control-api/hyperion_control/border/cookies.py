"""The browser's cookie: flask-login's session, which carries the secret of a login, no more."""

from flask import Flask, request, session
from flask_login import (  # type: ignore[import-untyped]
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)

from hyperion_control.border.context import actor, parts
from hyperion_control.usecases import logins
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.signing_in import Passed

NAME = "__Host-hyperion"
CHALLENGE = "challenge"
# Where a browser goes on, by what it still owes.
PAGES = {"password": "/password", "second-factor": "/second-factor"}


class Bearer(UserMixin):  # type: ignore[misc]
    """What flask-login calls a user: here only who holds this secret, whoever that is."""

    def __init__(self, secret: str) -> None:
        self.id = secret


def use(app: Flask) -> None:
    app.config.update(
        SESSION_COOKIE_NAME=NAME,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
    manager = LoginManager(app)
    # It would end a login when the browser or the address changes; ours end by their own rules.
    manager.session_protection = None
    manager.user_loader(Bearer)


def seal(app: Flask, parts: Parts) -> None:
    app.secret_key = parts.sealer.secret_for("cookie")


def presented() -> str:
    """The secret that the request's cookie carries; empty when it carries none."""
    # Programs send none: to look for a login in it all the same took 30 us of each request.
    if "Cookie" not in request.headers:
        return ""
    return str(current_user.get_id() or "")


def carry(passed: Passed) -> str:
    """Gives the browser what it has come to, and returns the page where it goes on."""
    if passed.challenge:
        keep_challenge(passed.challenge)
        return "/login/code"
    keep_login(passed.login)
    return PAGES[passed.duties[0]] if passed.duties else "/"


def keep_login(secret: str) -> None:
    _leave()
    login_user(Bearer(secret))


def keep_challenge(secret: str) -> None:
    _leave()
    session[CHALLENGE] = secret


def challenge() -> str:
    return str(session.get(CHALLENGE, ""))


def renew() -> None:
    """After a code: another secret for the same login; a bearer, which no page had, keeps its."""
    if secret := presented():
        login_user(Bearer(logins.renew(parts(), actor(), secret)))


def forget() -> None:
    logout_user()
    session.clear()


def _leave() -> None:
    if former := presented():
        logins.leave(parts(), former)
    session.clear()
