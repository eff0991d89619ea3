"""/api/groups: coloured sets of machines."""

from typing import Any

import pytest

from control_api.answers import As, answered, code

GREEN = {"name": "green", "colour": "#00FF7f"}
ANY = {"If-Match": "*"}


def test_a_group_is_made_and_machines_join_it(as_: As) -> None:
    olga = as_("olga")
    answer = olga.post("/api/groups", json=GREEN)
    made = answered(answer, 201)
    assert made["colour"] == "#00ff7f"
    assert answered(olga.get(answer.headers["Location"])) == made
    assert answered(olga.get("/api/groups"))["data"] == [made]
    joined = olga.post("/api/machines", json={"name": "web-1", "group_id": made["id"]})
    assert answered(joined, 201)["group"] == "green"


def test_a_group_is_changed_by_who_has_seen_it(as_: As) -> None:
    olga = as_("olga")
    path = f"/api/groups/{answered(olga.post('/api/groups', json=GREEN), 201)['id']}"
    seen = {"If-Match": olga.get(path).headers["ETag"]}
    changed = answered(olga.patch(path, json={"name": "lime"}, headers=seen))
    assert (changed["name"], changed["colour"]) == ("lime", "#00ff7f")
    assert code(olga.patch(path, json={"name": "x"}, headers=seen)) == (412, "stale")
    assert code(olga.delete(path, headers=seen)) == (412, "stale")
    assert code(olga.delete(path)) == (428, "version-needed")


def test_a_dissolved_group_leaves_its_machines(as_: As) -> None:
    olga = as_("olga")
    group_id = answered(olga.post("/api/groups", json=GREEN), 201)["id"]
    made = answered(olga.post("/api/machines", json={"name": "a", "group_id": group_id}), 201)
    assert olga.delete(f"/api/groups/{group_id}", headers=ANY).status_code == 204
    left = answered(olga.get(f"/api/machines/{made['id']}"))
    assert (left["group_id"], left["group"]) == (None, "")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"colour": "green"}, "/colour"),
        ({"colour": "#fff"}, "/colour"),
        ({"colour": "#00ff7f;x"}, "/colour"),
        ({"name": "a b"}, "/name"),
        ({"size": 3}, "/size"),
    ],
)
def test_a_field_that_does_not_fit_is_named(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("olga").post("/api/groups", json={**GREEN, **wrong})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_name_is_given_once(as_: As) -> None:
    olga = as_("olga")
    answered(olga.post("/api/groups", json=GREEN), 201)
    assert code(olga.post("/api/groups", json=GREEN)) == (409, "name-taken")
    answered(as_("eve").post("/api/groups", json=GREEN), 201)


def test_a_neighbour_finds_no_group(as_: As) -> None:
    made, eve = answered(as_("olga").post("/api/groups", json=GREEN), 201), as_("eve")
    path = f"/api/groups/{made['id']}"
    assert code(eve.get(path)) == (404, "not-found")
    assert code(eve.patch(path, json={}, headers=ANY)) == (404, "not-found")
    assert code(eve.delete(path, headers=ANY)) == (404, "not-found")
    joined = eve.post("/api/machines", json={"name": "a", "group_id": made["id"]})
    assert code(joined) == (422, "invalid")
