"""Looking for records: by any field, newest first, and in numbers."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, or_, select

from hyperion_control.domain.chain import Record
from hyperion_control.domain.lines import Told
from hyperion_control.store.records import records
from hyperion_control.store.users import users

EXACT = (
    "id",
    "of",
    "via",
    "address",
    "target",
    "session_id",
    "request_id",
    "decision",
    "outcome",
    "phase",
)
# Who was erased has none but the pseudonym.
NAME = func.coalesce(func.nullif(users.c.name, ""), users.c.username).label("name")
# The largest of each kind; there may be as many actors as there are people.
MOST_COUNTED = 100


@dataclass(frozen=True)
class Search:
    """What is empty does not narrow."""

    organisation_id: str | None = None  # None: of all
    id: str = ""
    of: str = ""
    actor: str = ""  # an id or a user name
    via: str = ""
    address: str = ""
    action: str = ""  # `user:*` for all that begin so
    target: str = ""
    session_id: str = ""
    request_id: str = ""
    decision: str = ""
    outcome: str = ""
    phase: str = ""
    since: str = ""
    until: str = ""
    text: str = ""  # anywhere in the detail
    errors: bool = False  # what was refused or did not succeed


@dataclass(frozen=True)
class Counted:
    name: str
    records: int


def find(connection: Connection, search: Search, limit: int, before: int | None) -> list[Told]:
    """The newest first."""
    joined = records.outerjoin(users, users.c.id == records.c.actor_id)
    query = select(*records.c, func.coalesce(NAME.element, "")).select_from(joined)
    query = query.where(*_conditions(search))
    if before is not None:
        query = query.where(records.c.seq < before)
    rows = connection.execute(query.order_by(records.c.seq.desc()).limit(limit))
    return [Told(Record._make(row[:-1]), row[-1]) for row in rows]


def names(connection: Connection) -> dict[str, str]:
    """What everybody is called now, by id."""
    return {row.id: row.name for row in connection.execute(select(users.c.id, NAME))}


def counts(connection: Connection, search: Search) -> dict[str, list[Counted]]:
    """How many were asked for, by what, by whom and when; and what came of them."""
    asked, ended = records.c.phase != "outcome", records.c.phase == "outcome"
    by = {
        "actions": (records.c.action, asked),
        "actors": (records.c.actor_id, asked),
        "days": (func.substr(records.c.at, 1, len("2026-11-21")), asked),
        "decisions": (records.c.decision, asked),
        "outcomes": (records.c.outcome, ended),
    }
    where = _conditions(search)
    return {kind: _count(connection, what, [*where, which]) for kind, (what, which) in by.items()}


def _count(
    connection: Connection, what: ColumnElement[str], where: list[ColumnElement[bool]]
) -> list[Counted]:
    number = func.count()
    query = select(what, number).where(*where).group_by(what).order_by(number.desc(), what)
    return [Counted(*row) for row in connection.execute(query.limit(MOST_COUNTED))]


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found = [records.c[name] == value for name in EXACT if (value := getattr(search, name))]
    if search.organisation_id is not None:
        found.append(records.c.organisation_id == search.organisation_id)
    if search.actor:
        person = users.alias("person")
        named = select(person.c.id).where(person.c.username == search.actor).scalar_subquery()
        found.append(or_(records.c.actor_id == search.actor, records.c.actor_id == named))
    if search.action:
        found.append(_action(search.action))
    if search.since:
        found.append(records.c.at >= search.since)
    if search.until:
        found.append(records.c.at < search.until)
    if search.text:
        found.append(records.c.detail.icontains(search.text, autoescape=True))
    if search.errors:
        found.append(
            or_(records.c.decision == "refused", records.c.outcome.in_(("failed", "unknown")))
        )
    return found


def _action(wanted: str) -> ColumnElement[bool]:
    if wanted.endswith("*"):
        return records.c.action.startswith(wanted[:-1], autoescape=True)
    return records.c.action == wanted
