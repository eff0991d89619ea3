"""/api/audit: read by admins, by any field, of their own organisation; each reading is recorded."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.people import GLOBEX, People, id_of
from hyperion_control.errors import Conflict
from hyperion_control.store import users
from hyperion_control.usecases import audit
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

As = Callable[[str], FlaskClient]
OLGA, ADA = id_of("olga"), id_of("ada")
EVERY_VIEW = ("", "/recent", "/errors", "/statistics", "/export", "/sessions/ses_1", "/aud_1")


@pytest.fixture
def history(parts: Parts, people: People, clock: Any) -> dict[str, str]:
    """What Olga did an hour ago, by word."""
    olga = people.actor("olga")
    found: dict[str, str] = {}
    entry = Entry(olga, "user:create", "usr_new", {"role": "observer"}, session_id="ses_1")
    with parts.audit.acting(entry) as found["done"]:
        pass
    entry = Entry(olga, "user:erase", ADA)
    with pytest.raises(Conflict), parts.audit.acting(entry) as found["failed"]:
        raise Conflict("the last admin stays", code="last-admin")
    found["refused"] = parts.audit.note(Entry(olga, "token:create", decision="refused"))
    parts.audit.note(Entry(people.actor("eve"), "user:read", "usr_eve", session_id="ses_eve"))
    clock.forward(3600)
    return found


def found(client: FlaskClient, query: str = "") -> list[Any]:
    answer = client.get(f"/api/audit{query}")
    assert answer.status_code == 200, answer.text
    data: list[Any] = answer.json["data"]  # type: ignore[index]
    return data


def actions(client: FlaskClient, query: str) -> list[str]:
    return [f"{record['phase']} {record['action']}" for record in found(client, query)]


def test_records_come_newest_first_with_the_names_of_their_actors(
    history: dict[str, str], as_: As
) -> None:
    newest, *_, oldest = found(as_("ada"))
    assert (newest["action"], newest["actor_name"]) == ("audit:read", "Ada")
    assert oldest["id"] == history["done"]
    assert (oldest["actor_id"], oldest["actor_name"]) == (OLGA, "Olga")
    assert oldest["detail"] == {"role": "observer"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=olga&phase=intent", ["intent user:erase", "intent user:create"]),
        (f"actor={OLGA}&action=user:create", ["outcome user:create", "intent user:create"]),
        ("actor=olga&action=user:*&phase=outcome", ["outcome user:erase", "outcome user:create"]),
        ("action=us%25*&phase=intent", []),
        ("target=usr_new&phase=intent", ["intent user:create"]),
        ("session=ses_1", ["outcome user:create", "intent user:create"]),
        ("request=req_test&decision=refused", ["note token:create"]),
        ("address=192.0.2.7&outcome=failed", ["outcome user:erase"]),
        ("outcome=succeeded&until=2026-11-21T03:30:00Z", ["outcome user:create"]),
        ("actor=olga&from=2026-11-21T03:00:01Z", []),
        ("actor=olga&from=2026-11-21T05:00:00%2B02:00&phase=note", ["note token:create"]),
        ("text=LAST-admin", ["outcome user:erase"]),
        ("text=%25", []),
        ("via=lgn_olga&phase=intent", []),
        ("actor=nobody", []),
    ],
)
def test_they_are_found_by_any_field(
    history: dict[str, str], as_: As, query: str, expected: list[str]
) -> None:
    assert history
    assert actions(as_("ada"), f"?{query}") == expected


def test_a_long_list_comes_in_pages(history: dict[str, str], as_: As) -> None:
    ada, cursor, seen = as_("ada"), "", []
    while True:
        answer = ada.get(f"/api/audit?actor=olga&limit=2&cursor={cursor}")
        seen += [record["id"] for record in answer.json["data"]]  # type: ignore[index]
        cursor = answer.json["next_cursor"]  # type: ignore[index]
        if not cursor:
            break
        assert 'rel="next"' in answer.headers["Link"]
    assert (len(seen), len(set(seen))) == (5, 5)
    assert seen[-1] == history["done"]


def test_one_record_is_shown_with_what_came_of_it(history: dict[str, str], as_: As) -> None:
    record = as_("ada").get(f"/api/audit/{history['failed']}").json
    assert record is not None
    assert (record["action"], record["phase"]) == ("user:erase", "intent")
    (end,) = record["outcomes"]
    assert (end["outcome"], end["detail"]) == ("failed", {"code": "last-admin"})


def test_errors_are_what_was_refused_or_failed(history: dict[str, str], as_: As) -> None:
    assert history
    assert actions(as_("ada"), "/errors") == ["note token:create", "outcome user:erase"]


def test_a_session_is_shown_whole(history: dict[str, str], as_: As) -> None:
    assert history
    wanted = ["outcome user:create", "intent user:create"]
    assert actions(as_("ada"), "/sessions/ses_1") == wanted
    assert as_("ada").get("/api/audit/sessions/ses_2").status_code == 404


def test_the_recent_ones_are_the_newest(history: dict[str, str], as_: As) -> None:
    assert history
    assert actions(as_("ada"), "/recent?limit=1") == ["note audit:read"]


def test_statistics_count_by_action_actor_day_decision_and_outcome(
    history: dict[str, str], as_: As
) -> None:
    assert history
    counted: Any = as_("ada").get("/api/audit/statistics?until=2026-11-21T03:30:00Z").json
    assert {row["name"]: row["records"] for row in counted["actions"]} == {
        "user:create": 1,
        "user:erase": 1,
        "token:create": 1,
    }
    assert counted["actors"] == [{"name": OLGA, "records": 3}]
    assert counted["days"] == [{"name": "2026-11-21", "records": 3}]
    assert counted["decisions"][0] == {"name": "allowed", "records": 2}
    assert {row["name"] for row in counted["outcomes"]} == {"succeeded", "failed"}
    of_now: Any = as_("ada").get("/api/audit/statistics").json
    assert "audit:read" in {row["name"] for row in of_now["actions"]}


def test_an_export_is_what_was_asked_for_by_accept_or_by_format(
    history: dict[str, str], as_: As
) -> None:
    ada = as_("ada")
    assert history
    lines = ada.get("/api/audit/export?actor=olga", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["seq"] for line in lines.text.splitlines()] == [5, 4, 3, 2, 1]
    table = ada.get("/api/audit/export?actor=olga", headers={"Accept": "text/csv"})
    assert table.content_type == "text/csv; charset=utf-8"
    assert len(list(csv.DictReader(io.StringIO(table.text, newline="")))) == 5
    log = ada.get("/api/audit/export?actor=olga&format=syslog", headers={"Accept": "text/csv"})
    assert log.content_type == "text/plain; charset=utf-8"
    assert log.text.count("<1") == 5


def test_an_export_is_not_cut_off_like_a_page(parts: Parts, people: People, as_: As) -> None:
    olga = people.actor("olga")
    for _ in range(501):
        parts.audit.note(Entry(olga, "user:read"))
    assert as_("ada").get("/api/audit/export?actor=olga").text.count("\n") == 501


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_each_reading_is_recorded_without_what_was_looked_for(
    history: dict[str, str], as_: As, view: str
) -> None:
    ada = as_("ada")
    assert history
    ada.get(f"/api/audit{view}")
    done = "audit:export" if view == "/export" else "audit:read"
    assert f"note {done}" in actions(ada, f"?actor=ada&action={done}")[-1]
    ada.get("/api/audit?address=203.0.113.9&text=secret")
    last = found(ada)[1]
    assert (last["action"], last["session_id"]) == ("audit:read", "")
    assert last["detail"] == {"by": ["address", "text"]}


def test_who_was_erased_has_only_a_pseudonym_and_the_chain_is_sound(
    history: dict[str, str], parts: Parts, as_: As
) -> None:
    assert history
    with parts.database.writing("*") as connection:
        erased = users.users.update().where(users.users.c.id == OLGA)
        connection.execute(erased.values(name="", username="erased-0000abcd"))
    oldest = found(as_("ada"))[-1]
    assert (oldest["actor_id"], oldest["actor_name"]) == (OLGA, "erased-0000abcd")
    assert audit.verify(parts.database).broken is None


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("?from=yesterday", ["/from"]),
        ("?from=2026-11-21T03:00:00", ["/from"]),
        ("?from=0001-01-01T00:00:00%2B14:00", ["/from"]),
        ("/statistics?until=9999-12-31T23:59:59-14:00", ["/until"]),
        ("?decision=perhaps", ["/decision"]),
        ("?organisation=org_globex", ["/organisation"]),
        ("/export?format=xml", ["/format"]),
        ("?limit=501", ["/limit"]),
        (f"?cursor={b'9'.hex() * 30}", []),
        (f"?cursor={b'x'.hex()}", []),
        ("?cursor=x", ["/cursor"]),
    ],
)
def test_odd_questions_are_refused(as_: As, query: str, pointers: list[str]) -> None:
    answer = as_("ada").get(f"/api/audit{query}")
    assert answer.status_code == 422
    errors: list[Any] = answer.json.get("errors", [])  # type: ignore[union-attr]
    assert [error["pointer"] for error in errors] == pointers


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_only_admins_may_read(as_: As, client: FlaskClient, view: str) -> None:
    assert client.get(f"/api/audit{view}").status_code == 401
    assert as_("otto").get(f"/api/audit{view}").status_code == 403
    assert as_("olga").get(f"/api/audit{view}").status_code == 403


def test_a_neighbour_s_records_are_not_there(history: dict[str, str], as_: As) -> None:
    eve = as_("eve")
    assert {record["organisation_id"] for record in found(eve)} == {GLOBEX}
    assert eve.get(f"/api/audit/{history['done']}").status_code == 404
    assert eve.get("/api/audit/sessions/ses_1").status_code == 404
    assert "olga" not in eve.get("/api/audit/export").text
    assert found(eve, "?actor=olga") == []
    statistics = eve.get("/api/audit/statistics").text
    assert OLGA not in statistics


def test_who_runs_the_platform_sees_all_and_nobody_else_does(
    history: dict[str, str], parts: Parts, as_: As
) -> None:
    assert history
    seen = {record["organisation_id"] for record in found(as_("petra"), "/everywhere")}
    assert len(seen) == 3
    assert None in seen
    assert as_("ada").get("/api/audit/everywhere").status_code == 403


def test_nothing_can_be_written_or_deleted(history: dict[str, str], as_: As) -> None:
    ada = as_("ada")
    for method in ("post", "put", "patch", "delete"):
        for path in ("/api/audit", f"/api/audit/{history['done']}"):
            assert getattr(ada, method)(path).status_code == 405
