"""/invitation: to join an organisation by a one-use link, with a new account or one's own."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, open_to_all, parts, signed_in
from hyperion_control.domain import names
from hyperion_control.errors import Invalid
from hyperion_control.usecases import invitations
from hyperion_control.usecases.accounts import NewAccount
from hyperion_control.web.language import chosen
from hyperion_control.web.page import render
from hyperion_control.web.password import typed_twice

bp = Blueprint("invitation", __name__)


@bp.get("/invitation/<secret>")
@open_to_all
def ask(secret: str) -> str:
    """Ask for a new account, or only whether to join; whether the link is good is told then."""
    return render("invitation.html", secret=secret)


@bp.post("/invitation/<secret>")
@open_to_all
def join_anew(secret: str) -> ResponseReturnValue:
    """Join with a new account."""
    invitations.accept_anew(parts(), actor().origin, secret, _account())
    return redirect(url_for("web.login.ask"), 303)


@bp.post("/invitation/<secret>/join")
@signed_in(duties=False)
def join(secret: str) -> ResponseReturnValue:
    """Join with the account that one is signed in with."""
    invitations.accept(parts(), actor(), secret)
    return redirect(url_for("web.home.home"), 303)


def _account() -> NewAccount:
    try:
        username = names.username(request.form["username"])
    except ValueError as wrong:
        raise Invalid(str(wrong), code="username-unfit") from None
    try:
        name = names.title(request.form["name"])
    except ValueError as wrong:
        raise Invalid(str(wrong), code="name-unfit") from None
    return NewAccount(username, name, typed_twice(), language=chosen(), time_zone="UTC")
