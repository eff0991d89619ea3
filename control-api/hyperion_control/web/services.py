"""/machines/<machine_id>/services: its units of systemd, those that failed first."""

from flask import Blueprint, request

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain import unit_answers, unit_orders, units
from hyperion_control.domain.roles import Role
from hyperion_control.domain.unit_answers import Said
from hyperion_control.domain.unit_states import Unit
from hyperion_control.usecases import machines
from hyperion_control.usecases.acts import Act, Outcome
from hyperion_control.web import acting
from hyperion_control.web.page import render

bp = Blueprint("services", __name__)

MOST_SHOWN = 200
ORDER = ("failed", "activating", "deactivating", "reloading", "active")


@bp.get("/machines/<machine_id>/services")
@requires(Role.OBSERVER)
def show(machine_id: str) -> str:
    """Ask the machine for its units, and show those that fit."""
    machine = machines.look(parts(), actor(), machine_id)
    kind, search = request.args.get("type", ""), request.args.get("search", "").strip()
    kind = kind if kind in units.TYPES else units.TYPES[0]
    listing = Act("services:list", unit_orders.listing(kind), passing=True)  # type: ignore[arg-type]
    [outcome] = acting.looked(machine_id, listing)
    fitting = [each for each in unit_answers.listed(said(outcome)) if search in _text(each)]
    return render(
        "services.html",
        machine=machine,
        units=sorted(fitting, key=_place)[:MOST_SHOWN],
        more=max(0, len(fitting) - MOST_SHOWN),
        types=[(each, each) for each in units.TYPES],
        type=kind,
        search=search,
    )


def said(outcome: Outcome) -> Said:
    return Said(outcome.code, outcome.stdout, outcome.stderr)


def _text(unit: Unit) -> str:
    return f"{unit.unit} {unit.description}"


def _place(unit: Unit) -> tuple[int, str]:
    state = ORDER.index(unit.active) if unit.active in ORDER else len(ORDER)
    return state, unit.unit
