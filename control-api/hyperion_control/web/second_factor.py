"""/second-factor: a phone is enrolled, or another one in its place."""

from flask import Blueprint, request

from hyperion_control.border import cookies
from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.usecases import second_factor
from hyperion_control.web import wanted
from hyperion_control.web.page import render

bp = Blueprint("second_factor", __name__)


@bp.get("/second-factor")
@signed_in(duties=False)
def ask() -> str:
    """Ask for what an enrolment takes: the password, and a code where there was a phone before."""
    return render("second_factor.html")


@bp.post("/second-factor")
@signed_in(duties=False)
def begin() -> str:
    """Show the QR code, only now; it counts once a code of it has come back."""
    form = request.form
    enrolment = second_factor.begin(parts(), actor(), form["password"], form.get("code"))
    return render("enrolment.html", enrolment=enrolment)


@bp.get("/second-factor/confirm")
@signed_in(duties=False)
def ask_again() -> str:
    """Ask once more for a code of the phone that was just enrolled."""
    return render("enrolment.html", enrolment=None)


@bp.post("/second-factor/confirm")
@signed_in(duties=False)
def confirm() -> str:
    """Turn the second factor on, and show the recovery codes, only now."""
    codes = second_factor.confirm(parts(), actor(), request.form["code"])
    cookies.renew()
    return render("codes.html", codes=codes, onward=wanted.taken())
