"""/: who one is here, what is owed first, and the way to the rest."""

from flask import Blueprint
from flask_babel import gettext

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import home as usecase
from hyperion_control.usecases import logins, second_factor
from hyperion_control.web import duties
from hyperion_control.web.page import render

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in(duties=False)
def home() -> str:
    """Show who one is, where, and the state of one's keys."""
    places = usecase.places(parts(), actor())
    return render(
        "home.html",
        owed=duties.owed(actor().duties),
        here=next((place for place in places if place.current), None),
        others=[place for place in places if not place.current],
        role=_role(actor()),
        codes_left=second_factor.codes_left(parts(), actor()),
        logins=len(logins.own(parts(), actor())),
    )


def _role(actor: Actor) -> str:
    names: dict[Role | None, str] = {
        None: gettext("None"),
        Role.OBSERVER: gettext("Observer: looks"),
        Role.OPERATOR: gettext("Operator: acts on machines"),
        Role.ADMIN: gettext("Admin: decides who may"),
    }
    return str(gettext("Runs the platform")) if actor.platform_admin else names[actor.role]
