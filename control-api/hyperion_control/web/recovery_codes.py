"""/recovery-codes: how many are left, and ten new ones."""

from flask import Blueprint, request, url_for

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.usecases import second_factor
from hyperion_control.web.page import render

bp = Blueprint("recovery_codes", __name__)


@bp.get("/recovery-codes")
@signed_in()
def ask() -> str:
    """Show how many recovery codes are left, and ask for the code that new ones take."""
    return render("recovery.html", left=second_factor.codes_left(parts(), actor()))


@bp.post("/recovery-codes")
@signed_in()
def renew() -> str:
    """Show ten new recovery codes, only now; those before are void."""
    codes = second_factor.renew_codes(parts(), actor(), request.form["code"])
    return render("codes.html", codes=codes, onward=url_for("web.home.home"))
