"""/password: one's own is changed, or chosen anew by a link."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, open_to_all, parts, signed_in
from hyperion_control.errors import Invalid
from hyperion_control.usecases import passwords
from hyperion_control.web import duties
from hyperion_control.web.page import render

bp = Blueprint("password", __name__)


@bp.get("/password")
@signed_in(duties=False)
def ask() -> str:
    """Ask for the password of now, a code, and the new password."""
    return render("password.html", once="password" in actor().duties)


@bp.post("/password")
@signed_in(duties=False)
def change() -> ResponseReturnValue:
    """Change one's password; all other logins end."""
    form = request.form
    passwords.change(parts(), actor(), form.get("password", ""), typed_twice(), form.get("code"))
    still = [duty for duty in actor().duties if duty != "password"]
    return redirect(duties.onward(still), 303)


@bp.get("/password/<secret>")
@open_to_all
def ask_by_link(secret: str) -> str:
    """Ask for a new password; whether the link is good is told when it is used."""
    return render("choose.html")


@bp.post("/password/<secret>")
@open_to_all
def choose(secret: str) -> ResponseReturnValue:
    """Choose a new password by a one-use link."""
    passwords.reset(parts(), actor().origin, secret, typed_twice())
    return redirect(url_for("web.login.ask"), 303)


def typed_twice() -> str:
    """The new password of a form, which nobody can see while they type it."""
    new = request.form["new_password"]
    if new != request.form["again"]:
        raise Invalid("the two passwords differ", code="passwords-differ")
    return new
