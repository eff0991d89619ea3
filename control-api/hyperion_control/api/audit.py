"""The audit, to be read: by any field, in numbers, and as a file."""

from typing import Any, Literal

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts, platform_only, requires
from hyperion_control.border.fields import Moment
from hyperion_control.border.models import Answer, Path, Query
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.lines import FORMS, Told, as_object
from hyperion_control.domain.roles import Role
from hyperion_control.store.records_search import Counted, Search
from hyperion_control.usecases import records
from hyperion_control.usecases.recorder import moment

bp = APIBlueprint("audit", __name__, url_prefix="/api/audit")
may_read = requires(Role.ADMIN, scope="audit:read")

MEDIA_TYPES = {form.media_type: name for name, form in FORMS.items()}


class Fields(Query):
    """What is left out does not narrow."""

    since: Moment | None = Field(None, alias="from")
    until: Moment | None = None
    actor: str = Field("", max_length=64, description="An id or a user name.")
    via: str = Field("", max_length=40, description="A login or token.")
    address: str = Field("", max_length=64)
    action: str = Field("", max_length=40, description="Such as user:create, or user:* for all.")
    target: str = Field("", max_length=500)
    session: str = Field("", max_length=40)
    request: str = Field("", max_length=64, description="The request_id of an answer.")
    decision: Literal["", "allowed", "refused"] = ""
    phase: Literal["", "intent", "outcome", "note"] = ""
    outcome: Literal["", "succeeded", "failed", "unknown"] = ""
    text: str = Field("", max_length=100, description="Anywhere in the detail.")

    def search(self) -> Search:
        return Search(
            since=moment(self.since) if self.since else "",
            until=moment(self.until) if self.until else "",
            actor=self.actor,
            via=self.via,
            address=self.address,
            action=self.action,
            target=self.target,
            session_id=self.session,
            request_id=self.request,
            decision=self.decision,
            phase=self.phase,
            outcome=self.outcome,
            text=self.text,
        )


class SearchQuery(PageQuery, Fields):
    pass


class ExportQuery(Fields):
    format: Literal["", "ndjson", "csv", "syslog"] = Field("", description="Instead of Accept.")

    @property
    def form(self) -> str:
        wanted = request.accept_mimetypes.best_match(MEDIA_TYPES, "application/x-ndjson")
        return self.format or MEDIA_TYPES[wanted]


class Span(Query):
    since: Moment | None = Field(None, alias="from", description="30 days before the end.")
    until: Moment | None = None


class RecordPath(Path):
    record_id: str


class SessionPath(Path):
    session_id: str


class RecordAnswer(Answer):
    seq: int
    id: str
    at: str
    organisation_id: str | None
    phase: str
    of: str
    actor_id: str
    actor_name: str
    via: str
    address: str
    user_agent: str
    action: str
    target: str
    session_id: str
    request_id: str
    decision: str
    outcome: str
    detail: dict[str, Any]
    organisation_hash: str
    hash: str


class RecordsAnswer(Answer):
    data: list[RecordAnswer]
    next_cursor: str | None


class LookedAnswer(RecordAnswer):
    outcomes: list[RecordAnswer]


class CountedAnswer(Answer):
    name: str
    records: int


class StatisticsAnswer(Answer):
    actions: list[CountedAnswer]
    actors: list[CountedAnswer]
    days: list[CountedAnswer]
    decisions: list[CountedAnswer]
    outcomes: list[CountedAnswer]


LINES: dict[Any, Any] = {"content": {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES}}


@bp.get("", responses={200: RecordsAnswer})
@may_read
def search(query: SearchQuery) -> tuple[dict[str, Any], dict[str, str]]:
    """Find records of the organisation by any of their fields, the newest first."""
    wanted = records.own(actor(), query.search())
    found = records.search(parts(), actor(), wanted, query.limit, query.after)
    return pages.answer(found, as_object)


@bp.get("/everywhere", responses={200: RecordsAnswer})
@platform_only()
def search_everywhere(query: SearchQuery) -> tuple[dict[str, Any], dict[str, str]]:
    """Find records of every organisation and of none, such as logins that failed."""
    found = records.search(parts(), actor(), query.search(), query.limit, query.after)
    return pages.answer(found, as_object)


@bp.get("/recent", responses={200: RecordsAnswer})
@may_read
def recent(query: PageQuery) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the newest records of the organisation."""
    wanted = records.own(actor(), Search())
    found = records.search(parts(), actor(), wanted, query.limit, query.after)
    return pages.answer(found, as_object)


@bp.get("/errors", responses={200: RecordsAnswer})
@may_read
def errors(query: SearchQuery) -> tuple[dict[str, Any], dict[str, str]]:
    """Find what was refused, failed, or has an outcome that nobody knows."""
    wanted = records.errors(records.own(actor(), query.search()))
    found = records.search(parts(), actor(), wanted, query.limit, query.after)
    return pages.answer(found, as_object)


@bp.get("/sessions/<session_id>", responses={200: RecordsAnswer})
@may_read
def of_session(path: SessionPath, query: PageQuery) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the records of a session, the newest first."""
    found = records.of_session(parts(), actor(), path.session_id, query.limit, query.after)
    return pages.answer(found, as_object)


@bp.get("/statistics", responses={200: StatisticsAnswer})
@may_read
def statistics(query: Span) -> dict[str, list[Counted]]:
    """Count what was asked for by action, actor, day and decision, and what came of it."""
    return records.statistics(parts(), actor(), query.since, query.until)


@bp.get("/export", responses={200: LINES})
@may_read
def export(query: ExportQuery) -> Response:
    """Give all records that fit as NDJSON, CSV or syslog, the newest first."""
    found = records.export(parts(), actor(), records.own(actor(), query.search()))
    form = FORMS[query.form]
    return Response(form.lines(found), content_type=f"{form.media_type}; charset=utf-8")


@bp.get("/<record_id>", responses={200: LookedAnswer})
@may_read
def look(path: RecordPath) -> dict[str, Any]:
    """Give one record, and what came of it when it announces an action."""
    looked = records.look(parts(), actor(), path.record_id)
    return {**as_object(looked.told), "outcomes": _objects(looked.outcomes)}


def _objects(many: list[Told]) -> list[dict[str, Any]]:
    return [as_object(told) for told in many]
