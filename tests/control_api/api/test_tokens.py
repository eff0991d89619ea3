"""/api/tokens: what scripts sign in with."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.conftest import Clock

READING = {"name": "prometheus", "scopes": ["sd:read", "users:read"]}


def by(client: FlaskClient, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_shown_once_and_speaks_for_its_owner(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    made = answered(ada.post("/api/tokens", json=READING), 201)
    assert made["scopes"] == ["users:read", "sd:read"]
    assert made["expires_at"] == "2027-02-19T03:00:00Z"
    page = client.get("/api/users", headers=by(client, made["secret"]))
    assert len(answered(page)["data"]) == 3
    listed = ada.get("/api/tokens")
    assert made["secret"] not in listed.text
    [shown] = answered(listed)["data"]
    assert (shown["last_used_at"], shown["last_used_from"]) == ("2026-11-21T03:00:00Z", "127.0.0.1")
    assert answered(ada.get(f"/api/tokens/{made['id']}")) == shown


def test_a_token_may_no_more_than_its_scopes(as_: As, client: FlaskClient) -> None:
    wanted = {"name": "all", "scopes": ["users:write", "audit:read", "admin"]}
    secret = answered(as_("ada").post("/api/tokens", json=wanted), 201)["secret"]
    assert code(client.get("/api/users", headers=by(client, secret))) == (403, "scope-missing")
    for method, path in (("POST", "/api/tokens"), ("GET", "/api/tokens"), ("POST", "/api/users")):
        answer = client.open(path, method=method, json={}, headers=by(client, secret))
        assert code(answer) == (403, "token-not-allowed")


def test_a_role_that_shrinks_shrinks_its_tokens(as_: As, client: FlaskClient, people: Any) -> None:
    petra, ada = as_("petra"), as_("ada")
    secret = answered(ada.post("/api/tokens", json=READING), 201)["secret"]
    here = {"X-Organisation": "org_acme0000000000000000"}
    members = "/api/organisations/org_acme0000000000000000/members"
    for name, role in (("olga", "admin"), ("ada", "observer")):
        changed = petra.patch(f"{members}/usr_{name:0<20}", json={"role": role}, headers=here)
        answered(changed)
    assert code(client.get("/api/users", headers=by(client, secret))) == (403, "forbidden")


def test_a_rotated_token_goes_on_and_a_revoked_one_does_not(
    as_: As, client: FlaskClient, clock: Clock
) -> None:
    ada = as_("ada")
    made = answered(ada.post("/api/tokens", json={**READING, "days": 1}), 201)
    path = f"/api/tokens/{made['id']}"
    rotated = answered(ada.post(f"{path}/rotate", json={"overlap_minutes": 1, "days": 365}))
    assert rotated["expires_at"] == "2027-11-21T03:00:00Z"
    for secret in (made["secret"], rotated["secret"]):
        assert client.get("/api/users", headers=by(client, secret)).status_code == 200
    clock.forward(60)
    assert client.get("/api/users", headers=by(client, made["secret"])).status_code == 401
    assert ada.delete(path).status_code == 204
    refused = client.get("/api/users", headers=by(client, rotated["secret"]))
    assert code(refused) == (401, "unauthorised")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert ada.delete(path).status_code == 204, "it stays revoked"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes"),
        ({"scopes": "admin"}, "/scopes"),
        ({"days": 0}, "/days"),
        ({"days": 366}, "/days"),
        ({"addresses": ["localhost"]}, "/addresses/0"),
        ({"machines": "every thing"}, "/machines"),
        ({"organisation_id": "org_globex00000000000000"}, "/organisation_id"),
        ({"user_id": "usr_ada00000000000000000"}, "/user_id"),
    ],
)
def test_a_field_that_does_not_fit_is_named(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("ada").post("/api/tokens", json={**READING, **wrong})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_more_than_the_role_may_is_refused(as_: As) -> None:
    wanted = {"name": "more", "scopes": ["users:write"]}
    assert code(as_("otto").post("/api/tokens", json=wanted)) == (403, "forbidden")


def test_making_one_takes_a_fresh_code(as_: As, clock: Clock) -> None:
    otto = as_("otto")
    clock.forward(301)
    assert code(otto.post("/api/tokens", json=READING)) == (401, "step-up-needed")


def test_a_neighbour_finds_no_token(as_: As) -> None:
    made = answered(as_("ada").post("/api/tokens", json=READING), 201)
    eve, path = as_("eve"), f"/api/tokens/{made['id']}"
    assert code(eve.get(path)) == (404, "not-found")
    assert code(eve.delete(path)) == (404, "not-found")
    assert code(eve.post(f"{path}/rotate", json={})) == (404, "not-found")
    assert answered(eve.get("/api/tokens?whose=all"))["data"] == []
