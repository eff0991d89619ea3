"""/logins: where one is signed in, and the end of what one does not know."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.usecases import logins
from hyperion_control.web.page import render

bp = Blueprint("logins", __name__)


@bp.get("/logins")
@signed_in(duties=False)
def show() -> str:
    """Show each of one's logins: from where, since when, with what."""
    return render("logins.html", logins=logins.own(parts(), actor()), own=actor().login_id)


@bp.post("/logins/<login_id>/end")
@signed_in(duties=False)
def end(login_id: str) -> ResponseReturnValue:
    """End one of one's logins."""
    logins.revoke(parts(), actor(), login_id)
    return redirect(url_for("web.logins.show"), 303)


@bp.post("/logins/end-others")
@signed_in(duties=False)
def end_others() -> ResponseReturnValue:
    """End all of one's logins but the one that asks."""
    logins.revoke_others(parts(), actor())
    return redirect(url_for("web.logins.show"), 303)
