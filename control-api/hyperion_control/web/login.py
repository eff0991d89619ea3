"""/login: user name and password, then a code where there is a second factor; and the way out."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border import cookies, gate
from hyperion_control.border.context import actor, open_to_all, parts, signed_in
from hyperion_control.usecases import logins, signing_in
from hyperion_control.usecases.signing_in import BROWSER, Passed, Wish
from hyperion_control.web import duties, wanted
from hyperion_control.web.page import render

bp = Blueprint("login", __name__)

IN_BROWSER = Wish(BROWSER)


@bp.get("/login")
@open_to_all
def ask() -> str:
    """Ask for user name and password."""
    return render("login.html")


@bp.post("/login")
@open_to_all
def begin() -> ResponseReturnValue:
    """Sign in, or go on to the code."""
    form, asker = request.form, gate.whoever()
    name, password = form["username"], form["password"]
    return _onward(signing_in.with_password(parts(), asker, IN_BROWSER, name, password))


@bp.get("/login/code")
@open_to_all
def ask_code() -> str:
    """Ask for a code of the authenticator app, or a recovery code."""
    return render("code.html")


@bp.post("/login/code")
@open_to_all
def finish() -> ResponseReturnValue:
    """Sign in with the code."""
    challenge, code = cookies.challenge(), request.form["code"]
    return _onward(signing_in.with_code(parts(), actor().origin, IN_BROWSER, challenge, code))


@bp.post("/logout")
@signed_in(duties=False)
def leave() -> ResponseReturnValue:
    """End this login, here and in the database."""
    logins.end(parts(), actor())
    cookies.forget()
    return redirect(url_for("web.login.ask"), 303)


def _onward(passed: Passed) -> ResponseReturnValue:
    """The cookie begins anew at each step; the page that was wanted goes along."""
    address = wanted.kept()
    step = cookies.carry(passed)
    wanted.keep(address)
    return redirect(step if passed.challenge else duties.onward(passed.duties), 303)
