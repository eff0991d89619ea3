"""Logins over HTTP."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from control_api.people import ACME, GLOBEX, HOME, People, id_of

As = Callable[[str], FlaskClient]


def ids(client: FlaskClient, path: str = "/api/logins") -> list[str]:
    answer = client.get(path).json
    assert answer
    return [login["id"] for login in answer["data"]]


def test_one_sees_where_one_is_signed_in(as_: As, people: People) -> None:
    olga = as_("olga")
    people.login("olga")
    answer = olga.get("/api/logins").json
    assert answer
    assert sorted(login["current"] for login in answer["data"]) == [False, True]
    [mine] = [login for login in answer["data"] if login["current"]]
    del mine["id"]
    assert mine == {
        "kind": "api",
        "organisation_id": ACME,
        "address": HOME.address,
        "user_agent": HOME.user_agent,
        "created_at": "2026-11-21T03:00:00Z",
        "seen_at": "2026-11-21T03:00:00Z",
        "second_factor_at": "2026-11-21T03:00:00Z",
        "current": True,
    }


def test_one_ends_one_or_all_others(as_: As, people: People) -> None:
    olga = as_("olga")
    [mine] = ids(olga)
    people.login("olga")
    [other] = set(ids(olga)) - {mine}
    assert olga.delete(f"/api/logins/{other}").status_code == 204
    assert ids(olga) == [mine]
    people.login("olga")
    assert olga.delete("/api/logins").status_code == 204
    assert ids(olga) == [mine]


def test_one_works_in_another_organisation(as_: As) -> None:
    petra = as_("petra")
    assert petra.put("/api/logins/current", json={"organisation": GLOBEX}).status_code == 204
    answer = petra.get("/api/logins").json
    assert answer and answer["data"][0]["organisation_id"] == GLOBEX


def test_an_admin_sees_and_ends_a_members(as_: As) -> None:
    ada, olga = as_("ada"), as_("olga")
    path = f"/api/users/{id_of('olga')}/logins"
    assert ids(ada, path) == ids(olga)
    assert ada.delete(f"{path}/{ids(olga)[0]}").status_code == 204
    assert olga.get("/api/logins").status_code == 401


@pytest.mark.parametrize("name", ["olga", "otto"])
def test_others_do_not(as_: As, name: str) -> None:
    assert as_(name).get(f"/api/users/{id_of('ada')}/logins").status_code == 403


def test_a_neighbour_finds_none_of_it(as_: As) -> None:
    eve, olga = as_("eve"), as_("olga")
    [mine] = ids(olga)
    path = f"/api/users/{id_of('olga')}/logins"
    for answer in (
        eve.get(path),
        eve.delete(f"{path}/{mine}"),
        eve.delete(f"/api/logins/{mine}"),
        eve.put("/api/logins/current", json={"organisation": ACME}),
    ):
        assert answer.status_code == 404
    assert ids(olga) == [mine]
