"""/organisation: to work in another of one's organisations."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.usecases import logins
from hyperion_control.web import wanted

bp = Blueprint("organisation", __name__)


@bp.post("/organisation")
@signed_in(duties=False)
def switch() -> ResponseReturnValue:
    """Go on in the organisation that was chosen."""
    logins.switch(parts(), actor(), request.form["organisation"])
    return redirect(wanted.ours(request.form.get("then", "")) or url_for("web.home.home"), 303)
