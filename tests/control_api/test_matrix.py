"""Every route for every kind of person: what matrix.txt says, and nothing that it does not say."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_openapi3 import OpenAPI
from sqlalchemy import select, text

from control_api.every_request import Asked, Asker, Request, routes
from control_api.people import ACME, People
from control_api.world import KINDS, World
from hyperion_control.app import assembled, create_app, equip
from hyperion_control.border.context import access_of, open_to_all
from hyperion_control.border.repeatable import is_repeatable
from hyperion_control.store import bell
from hyperion_control.store.bell import Bell, T
from hyperion_control.store.records import records
from hyperion_control.store.tables import catalogue
from hyperion_control.usecases import audit, workers
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

TABLE = Path(__file__).parent / "matrix.txt"
# These tell something and do nothing, though what they are told is too secret for an address.
ONLY_TELLING = {"POST /api/auth/token/verify"}
# A link is for who has it, wherever they are.
BY_LINK = {
    "POST /api/invitations/accept",
    "POST /invitation/<secret>",
    "POST /invitation/<secret>/join",
    "POST /password/<secret>",
}
# What asking may leave behind: that it was asked, and when somebody was last seen.
TRACES = {"records", "logins.seen_at", "tokens.last_used_at", "tokens.last_used_from"}
# A machine is looked at by a task, which is forgotten soon after.
LOOKS = {"commands", "tasks"}

# What is used up by being shown: lost in doubt, since it could otherwise be shown twice.
PROOFS = {"attempts", "challenges", "users.totp_step", "recovery_codes"}
MADE_UP = {
    f"{thing}_id": f"{prefix}_{'0' * 20}"
    for thing, prefix in {
        "user": "usr",
        "login": "lgn",
        "token": "tok",
        "invitation": "lnk",
        "organisation": "org",
        "record": "aud",
        "session": "ses",
        "machine": "mch",
        "command": "cmd",
        "task": "tsk",
        "policy": "pol",
        "group": "grp",
        "alert": "alt",
        "receiver": "rcv",
        "route": "rte",
        "enrolment": "enr",
    }.items()
}

Row = dict[str, str]


def read(text: str) -> dict[str, Row]:
    """By route: the scope, and what each kind of person is answered."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    _, _, _, *kinds = lines[0]
    found = {}
    for method, address, scope, *answers in lines[1:]:
        if scope == "all":
            scope, answers = "-", answers * len(kinds)
        row = dict(zip(kinds, answers, strict=True))
        found[f"{method} {address}"] = {"scope": scope.strip("-"), **row}
    return found


MATRIX = read(TABLE.read_text())


class Hurried(Bell):
    """Nobody is at work here, so nobody waits for what becomes of a task: 503 machine-slow."""

    def wait(self, topic: str, _seconds: float, ready: Callable[[], T | None]) -> T | None:
        return super().wait(topic, 0, ready)


@pytest.fixture
def app(_assembled: OpenAPI, parts: Parts) -> Iterator[Flask]:
    """With registration open, so that every view can be reached."""
    settings = replace(parts.settings, open_registration=True)
    hurried = Hurried(bell.line(settings.database_url, settings.data))
    equip(_assembled, replace(parts, settings=settings, bell=hurried))
    yield _assembled
    hurried.close()


@pytest.fixture
def asker(app: Flask, people: People, parts: Parts) -> Asker:
    return Asker(app, people, World(parts))


def left_behind(parts: Parts, asked: Asked) -> list[Any]:
    with parts.database.reading("*") as connection:
        mine = records.c.request_id == asked.answer.headers["X-Request-Id"]
        return list(connection.execute(select(records).where(mine)))


def unrecorded(parts: Parts, asked: Asked) -> bool:
    """Whether something was done or refused of which the audit does not know the end."""
    found, status = left_behind(parts, asked), asked.answer.status_code
    if asked.kind is not None and status in (401, 403) and asked.route not in BY_LINK:
        return not any(row.decision == "refused" or row.outcome == "failed" for row in found)
    if status >= 400 or asked.route.startswith("GET ") or asked.route in ONLY_TELLING:
        return False
    ended = {row.of for row in found if row.phase == "outcome"}
    intents = {row.id for row in found if row.phase == "intent"}
    asked_to_sign_in = asked.kind is None and asked.outcome == "/login"
    return not asked_to_sign_in and (not found or intents != ended)


@pytest.mark.parametrize("who", KINDS)
def test_each_kind_of_person_is_answered_as_the_matrix_says_and_it_is_recorded(
    asker: Asker, parts: Parts, who: str
) -> None:
    wrong, silent = {}, []
    for route, row in MATRIX.items():
        asked = asker.ask(route, who, row["scope"])
        if asked.outcome != row[who]:
            wrong[route] = f"{asked.outcome}, not {row[who]}: {asked.answer.text[:300]}"
        if unrecorded(parts, asked):
            silent.append(f"{asked.outcome} {route}")
    assert wrong == {}
    assert silent == []
    assert audit.verify(parts.database).broken is None


def unlisted(app: Flask) -> set[str]:
    """In the matrix or among the routes, but not in both."""
    return set(routes(app)) ^ set(MATRIX)


@ON_SQLITE
def test_every_route_is_in_the_matrix(app: Flask) -> None:
    assert unlisted(app) == set()
    app = assembled()
    app.add_url_rule("/api/forgotten", "forgotten", open_to_all(lambda: ""), methods=["PUT"])
    assert unlisted(app) == {"PUT /api/forgotten"}


def shut(matrix: dict[str, Row]) -> list[str]:
    """Routes for which one must be signed in."""
    asked = [route for route, row in matrix.items() if row["nobody"] in ("401", "/login")]
    return [route for route in asked if route not in BY_LINK]


def shown_to_neighbours(matrix: dict[str, Row]) -> list[str]:
    """Routes of what has a name at acme that tell Eve anything but that there is none."""
    named = [route for route in shut(matrix) if "<" in route and matrix[route]["admin"] != "403"]
    assert len(named) > 20
    return [route for route in named if matrix[route]["neighbour"] != "404"]


def test_what_has_a_name_at_acme_is_nothing_to_a_neighbour() -> None:
    assert shown_to_neighbours(MATRIX) == []
    leak = {"GET /api/users/<user_id>": {**MATRIX["GET /api/users/<user_id>"], "neighbour": "403"}}
    assert shown_to_neighbours(MATRIX | leak) == list(leak)


def anonymous(asked: Asked) -> str:
    """What was told, without the id of the request."""
    said: str = asked.answer.text.replace(asked.answer.headers["X-Request-Id"], "")
    return said


def test_a_neighbour_does_not_learn_whether_there_is_such_a_thing(asker: Asker) -> None:
    oracles = {}
    for route, row in MATRIX.items():
        if "<" in route and row["neighbour"] == "404":
            there = anonymous(asker.ask(route, "neighbour"))
            nowhere = anonymous(asker.prepare(route, "neighbour", names=MADE_UP).send())
            if there != nowhere:
                oracles[route] = there, nowhere
    assert oracles == {}


def test_who_names_an_organisation_of_others_finds_nothing(asker: Asker) -> None:
    """Eve, with `X-Organisation: acme` in every request for which one must be signed in."""
    there = {"X-Organisation": ACME}
    found = {route: asker.ask(route, "neighbour", headers=there).outcome for route in shut(MATRIX)}
    assert {route: outcome for route, outcome in found.items() if outcome != "404"} == {}


def everything(parts: Parts, but: set[str]) -> dict[str, Any]:
    """Every row of every table, but for these tables and columns."""
    found = {}
    with parts.database.reading("*") as connection:
        for table in catalogue.sorted_tables:
            kept = [column for column in table.c if {str(column), table.name}.isdisjoint(but)]
            if kept:
                found[table.name] = sorted(map(repr, connection.execute(select(*kept))))
    return found


def changed(parts: Parts, request: Request, but: set[str], **more: Any) -> list[str]:
    """The tables that a request leaves different."""
    before = everything(parts, but)
    request.send(**more)
    after = everything(parts, but)
    return [name for name in before if before[name] != after[name]]


def admin_of(route: str) -> str:
    """Who may ask for this route: an admin, or who runs the platform."""
    return "platform" if MATRIX[route]["admin"] == "403" else "admin"


def changed_by_asking(
    parts: Parts, asker: Asker, looking: Iterable[str], but: set[str] = TRACES | LOOKS
) -> dict[str, list[str]]:
    found = {}
    for route, method in itertools.product(looking, ("GET", "HEAD")):
        request = asker.prepare(route, admin_of(route))
        if tables := changed(parts, request, but, method=method):
            found[f"{method} of {route}"] = tables
    return found


def test_looking_changes_nothing(asker: Asker, parts: Parts) -> None:
    looking = [route for route in MATRIX if route.startswith("GET ")]
    assert changed_by_asking(parts, asker, looking) == {}


def test_what_may_be_told_again_leaves_no_record_and_asks_for_no_code(
    asker: Asker, parts: Parts, app: Flask
) -> None:
    views = [(rule.rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    again = {route: access_of(view) for route, view in views if is_repeatable(view)}
    assert "/api/me" in again
    assert [route for route, access in again.items() if not access or access.step_up] == []
    looking = [f"GET {route}" for route in again]
    assert changed_by_asking(parts, asker, looking, TRACES - {"records"}) == {}


def test_what_changes_something_when_looked_at_is_named(people: People, parts: Parts) -> None:
    app = create_app(parts)
    asker = Asker(app, people, World(parts))
    app.add_url_rule("/marks", "marks", open_to_all(partial(mark, parts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MATRIX, "GET /marks", MATRIX["GET /healthz"])
        found = changed_by_asking(parts, asker, ["GET /marks"])
    assert found == {"GET of GET /marks": ["workers"], "HEAD of GET /marks": ["workers"]}


def mark(parts: Parts) -> str:
    workers.mark(parts, workers.introduce(parts))
    return ""


def take_no_records(parts: Parts) -> None:
    """The database itself refuses them, and nothing else."""
    statement = "ALTER TABLE records ADD CONSTRAINT no_more CHECK (false) NOT VALID"
    if parts.database.file:
        refusal = "SELECT RAISE(ABORT, 'no more')"
        statement = f"CREATE TRIGGER no_more BEFORE INSERT ON records BEGIN {refusal}; END"
    with parts.database.writing("*") as connection:
        connection.execute(text(statement))


def test_without_the_audit_nothing_is_done(asker: Asker, parts: Parts) -> None:
    take_no_records(parts)
    done = {}
    for route in sorted(set(MATRIX) - ONLY_TELLING):
        if not route.startswith("GET "):
            request = asker.prepare(route, admin_of(route))
            if tables := changed(parts, request, TRACES | PROOFS):
                done[route] = tables
    assert done == {}
