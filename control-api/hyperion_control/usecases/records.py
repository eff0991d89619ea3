"""Reading the audit: by any field, one record with what came of it, in numbers, as a file."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from hyperion_control.domain import pages
from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.lines import Told
from hyperion_control.domain.pages import Page
from hyperion_control.errors import Invalid, NotFound
from hyperion_control.store import records_search
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.records_search import Counted, Search
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry, moment

# An export is read in pieces: a slow reader must not hold a snapshot of the database open.
PIECE = 500
STATISTICS_DAYS = 30


@dataclass(frozen=True)
class Looked:
    told: Told
    outcomes: list[Told]


def own(actor: Actor, search: Search) -> Search:
    """Of the actor's organisation only; what belongs to none is seen everywhere only."""
    return replace(search, organisation_id=actor.organisation_id or "")


def errors(search: Search) -> Search:
    return replace(search, errors=True)


def search(parts: Parts, actor: Actor, wanted: Search, limit: int, after: str) -> Page[Told]:
    _note(parts, actor, "audit:read", wanted)
    found = _find(parts, wanted, limit + 1, _place(after))
    return pages.cut(found, limit, lambda told: str(told.record.seq))


def of_session(parts: Parts, actor: Actor, session_id: str, limit: int, after: str) -> Page[Told]:
    wanted = own(actor, Search(session_id=session_id))
    found = search(parts, actor, wanted, limit, after)
    if not found.items:
        raise NotFound("the audit knows no such session")
    return found


def look(parts: Parts, actor: Actor, record_id: str) -> Looked:
    parts.audit.note(Entry(actor, "audit:read", record_id))
    found = _find(parts, own(actor, Search(id=record_id)), 1)
    if not found:
        raise NotFound("there is no such record")
    return Looked(found[0], _find(parts, own(actor, Search(of=record_id)), PIECE))


def statistics(
    parts: Parts, actor: Actor, since: datetime | None, until: datetime | None
) -> dict[str, list[Counted]]:
    begin = since or (until or parts.clock()) - timedelta(days=STATISTICS_DAYS)
    wanted = own(actor, Search(since=moment(begin), until=moment(until) if until else ""))
    _note(parts, actor, "audit:read", wanted)
    with parts.database.reading(wanted.organisation_id) as connection:
        return records_search.counts(connection, wanted)


def export(parts: Parts, actor: Actor, wanted: Search) -> Iterator[Told]:
    """Recorded at once, read as it is asked for."""
    _note(parts, actor, "audit:export", wanted)
    return _pieces(parts, wanted)


def _place(after: str) -> int | None:
    if after and not re.fullmatch("[0-9]{1,18}", after):
        raise Invalid("the cursor is of another list: begin without one")
    return int(after) if after else None


def _pieces(parts: Parts, wanted: Search) -> Iterator[Told]:
    before = None
    while piece := _find(parts, wanted, PIECE, before):
        yield from piece
        before = piece[-1].record.seq


def _find(parts: Parts, wanted: Search, limit: int, before: int | None = None) -> list[Told]:
    whose = wanted.organisation_id
    with parts.database.reading(EVERY_ORGANISATION if whose is None else whose) as connection:
        return records_search.find(connection, wanted, limit, before)


def _note(parts: Parts, actor: Actor, action: Action, wanted: Search) -> None:
    """Names of fields only: what somebody looks for may be personal."""
    filters = asdict(replace(wanted, organisation_id=""))
    asked = sorted(name for name, value in filters.items() if value)
    # To read of a session is no part of it.
    parts.audit.note(Entry(actor, action, wanted.session_id, {"by": asked}))
