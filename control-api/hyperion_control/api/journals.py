"""The log of a unit: its last lines, or what it says as it comes."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import Field, RootModel

from hyperion_control.api.acting import perform
from hyperion_control.api.machines import may_read
from hyperion_control.api.services import UnitPath, said
from hyperion_control.border import waiting
from hyperion_control.border.context import actor, parts
from hyperion_control.border.fields import Moment
from hyperion_control.border.models import Answer, Query
from hyperion_control.domain import journal, unit_answers, unit_orders
from hyperion_control.domain.journal import MOST_LINES, Line, Priority, Wanted
from hyperion_control.usecases import journals
from hyperion_control.usecases.acts import Act
from hyperion_control.usecases.journals import KIND, Following

bp = APIBlueprint("journals", __name__, url_prefix="/api/machines/<machine_id>/services")

PLAIN = "text/plain"


class LogsQuery(Query):
    lines: int = Field(100, ge=1, le=MOST_LINES, description="The newest, so many at most.")
    since: Moment | None = None
    priority: Priority = Field("debug", description="Lines of this and of what is more urgent.")


class LineAnswer(RootModel[Line]):
    pass


class LogsAnswer(Answer):
    data: list[Line]


@bp.get("/<unit>/logs", summary="Read the log of a service", responses={200: LogsAnswer})
@may_read
def logs(path: UnitPath, query: LogsQuery) -> Any:
    """Read its last lines from the journal, the newest last.

    With `Accept: text/event-stream` or `text/plain` (`curl -N`) it goes on as lines come; an event
    is a line, and Last-Event-ID goes on behind it.
    """
    after = request.headers.get("Last-Event-ID", "")
    wanted = Wanted(query.lines, query.since, query.priority, after)
    act = Act(KIND, unit_orders.logs(path.unit, wanted), passing=True)
    found = unit_answers.logged(said(perform(path.machine_id, act)))
    form = request.accept_mimetypes.best_match(("application/json", waiting.EVENTS, PLAIN))
    if form not in FORMS:
        return LogsAnswer(data=found.lines).model_dump(mode="json")
    going_on = journals.following(path.machine_id, path.unit, wanted, found.lines, found.at)
    return _live(found.lines, going_on, form)


def _live(told: list[Line], going_on: Following, form: str) -> Response:
    first, written = list(told), FORMS[form]

    def pieces() -> bytes:
        lines = first[:] or going_on.news(parts(), actor())
        first.clear()
        return written(lines).encode()

    # Nothing rings for each of its looks, so it is asked as often as a stream is.
    return waiting.live(going_on.machine_id, pieces, form)


def _events(lines: list[Line]) -> str:
    shown = ((line.cursor, LineAnswer(line).model_dump_json()) for line in lines)
    return "".join(f"id: {cursor}\ndata: {data}\n\n" for cursor, data in shown)


def _plain(lines: list[Line]) -> str:
    return "".join(journal.plain(lines))


FORMS: dict[str, Callable[[list[Line]], str]] = {waiting.EVENTS: _events, PLAIN: _plain}
