"""The units of a machine's systemd: looked at, started, stopped, and what falls with them."""

from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field, RootModel

from hyperion_control.api.acting import perform
from hyperion_control.api.machines import MachinePath, may_read
from hyperion_control.border import pages
from hyperion_control.border.context import requires
from hyperion_control.border.fields import Title
from hyperion_control.border.models import Answer, Body, Query
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import unit_answers, unit_orders
from hyperion_control.domain.actions import Action
from hyperion_control.domain.journal import Line
from hyperion_control.domain.orders import Order
from hyperion_control.domain.pages import cut
from hyperion_control.domain.roles import Role
from hyperion_control.domain.unit_answers import Result, Said
from hyperion_control.domain.unit_states import Active, Unit
from hyperion_control.domain.units import UnitType, Verb
from hyperion_control.usecases.acts import Act, Outcome

bp = APIBlueprint("services", __name__, url_prefix="/api/machines/<machine_id>/services")
may_act = requires(Role.OPERATOR, scope="services:write")
may_take_away = requires(Role.OPERATOR, scope="services:write", step_up=True)


class UnitPath(MachinePath):
    unit: str


class ServicesQuery(PageQuery):
    type: UnitType = "service"
    state: Active | None = None
    search: str = Field("", max_length=100, description="A part of the name or description.")


class ImpactQuery(Query):
    verb: Verb = "stop"


class UnitActBody(Body):
    reason: Title | None = None
    expected_impact: tuple[str, ...] | None = Field(
        None, max_length=500, description="What shall fall with it; if not just that, 409."
    )
    dry_run: bool = Field(False, description="Only look at it and at what would fall.")


class UnitAnswer(RootModel[Unit]):
    pass


class UnitsAnswer(Answer):
    data: list[Unit]
    next_cursor: str | None


class ImpactAnswer(Answer):
    verb: Verb
    unit: Unit
    falls: list[Unit] = Field(description="Stopped with it; by a restart, restarted.")
    protected: str = Field(description="The unit for which it is refused; empty: none.")


class UnitActAnswer(Answer):
    verb: Verb
    result: Result
    said: str = Field(description="By systemctl.")
    before: Unit
    after: Unit | None
    falls: list[Unit] = Field(description="Stopped with it; by a restart, restarted.")
    log: list[Line] = Field(description="Its last lines since the action began.")
    task_id: str


@bp.get("", summary="List the services of a machine", responses={200: UnitsAnswer})
@may_read
def page(path: MachinePath, query: ServicesQuery) -> Any:
    """List units by name: those that systemd has read, and those that only have a file."""
    outcome = _look(path, "services:list", unit_orders.listing(query.type))
    found = [
        each
        for each in unit_answers.listed(said(outcome))
        if each.unit > query.after
        and query.state in (None, each.active)
        and query.search in f"{each.unit} {each.description}"
    ]
    return pages.answer(cut(found, query.limit, lambda each: each.unit), _show)


@bp.get("/<unit>", summary="Look at a service", responses={200: UnitAnswer})
@may_read
def look(path: UnitPath) -> Any:
    """Look at one unit: its state, since when, its process, and what triggers it."""
    outcome = _look(path, "services:look", unit_orders.show(path.unit))
    return _show(unit_answers.shown(said(outcome)))


@bp.get("/<unit>/impact", summary="What falls with a service", responses={200: ImpactAnswer})
@may_read
def impact(path: UnitPath, query: ImpactQuery) -> Any:
    """Tell which active units would be stopped with it, or restarted; nothing is done."""
    outcome = _look(path, "services:impact", unit_orders.impact(query.verb, path.unit))
    found = unit_answers.impact(said(outcome))
    return ImpactAnswer(verb=query.verb, **vars(found)).model_dump(mode="json")


@bp.post("/<unit>/start", summary="Start a service", responses={200: UnitActAnswer})
@may_act
def start(path: UnitPath, body: UnitActBody) -> Any:
    """Start it and tell whether it stayed up."""
    return act("start", path, body)


@bp.post("/<unit>/restart", summary="Restart a service", responses={200: UnitActAnswer})
@may_act
def restart(path: UnitPath, body: UnitActBody) -> Any:
    """Restart it and tell whether it is a new start that stayed up."""
    return act("restart", path, body)


@bp.post("/<unit>/reload", summary="Reload a service", responses={200: UnitActAnswer})
@may_act
def reload(path: UnitPath, body: UnitActBody) -> Any:
    """Let it read its configuration again."""
    return act("reload", path, body)


@bp.post("/<unit>/stop", summary="Stop a service", responses={200: UnitActAnswer})
@may_take_away
def stop(path: UnitPath, body: UnitActBody) -> Any:
    """Stop it, and what falls with it; refused where the machine would be out of reach."""
    return act("stop", path, body)


@bp.post("/<unit>/enable", summary="Enable a service", responses={200: UnitActAnswer})
@may_act
def enable(path: UnitPath, body: UnitActBody) -> Any:
    """Let it be started at boot."""
    return act("enable", path, body)


@bp.post("/<unit>/disable", summary="Disable a service", responses={200: UnitActAnswer})
@may_take_away
def disable(path: UnitPath, body: UnitActBody) -> Any:
    """Let it not be started at boot; it is not stopped."""
    return act("disable", path, body)


@bp.post("/<unit>/mask", summary="Mask a service", responses={200: UnitActAnswer})
@may_take_away
def mask(path: UnitPath, body: UnitActBody) -> Any:
    """Let nothing start it any more; it is not stopped."""
    return act("mask", path, body)


@bp.post("/<unit>/unmask", summary="Unmask a service", responses={200: UnitActAnswer})
@may_act
def unmask(path: UnitPath, body: UnitActBody) -> Any:
    """Let it be started again."""
    return act("unmask", path, body)


def said(outcome: Outcome) -> Said:
    return Said(outcome.code, outcome.stdout, outcome.stderr)


def act(verb: Verb, path: UnitPath, body: UnitActBody) -> Any:
    order = unit_orders.act(verb, path.unit, body.expected_impact, dry=body.dry_run)
    word: Action = f"service:{verb}"  # type: ignore[assignment]
    action = None if body.dry_run else word
    detail = {"unit": path.unit}
    act = Act(word, order, body.dry_run, action, detail=detail, reason=body.reason or "")
    outcome = perform(path.machine_id, act, unit_orders.WHOLE_SECONDS + 5)
    found = unit_answers.acted(verb, said(outcome))
    answer = UnitActAnswer(verb=verb, **vars(found), task_id=outcome.task_id)
    return answer.model_dump(mode="json")


def _look(path: MachinePath, kind: str, order: Order) -> Outcome:
    return perform(path.machine_id, Act(kind, order, passing=True))


def _show(unit: Unit) -> Any:
    return UnitAnswer(unit).model_dump(mode="json")
