"""Who holds a login of Ada, but neither her password nor her telephone, cannot become her."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import PASSWORD, People, id_of
from hyperion_control.store import users
from hyperion_control.usecases.parts import Parts

OTTO = id_of("otto")
NEW = "eleven purple lanterns"


@pytest.fixture
def thief(as_: As, clock: Clock) -> FlaskClient:
    """Minutes after she gave her last code."""
    ada = as_("ada")
    clock.forward(301)
    return ada


def test_she_is_not_locked_out_of_her_own_account(thief: FlaskClient, people: People) -> None:
    """Each takes her password and a code; one of them is not enough."""
    for proof in (
        {"password": "guessed", "code": people.code()},
        {"password": PASSWORD, "code": "000000"},
        {"password": PASSWORD},
    ):
        begun = thief.post("/api/me/second-factor", json=proof)
        assert begun.status_code in (401, 422), proof
    removed = thief.delete("/api/me/second-factor", json={"password": PASSWORD, "code": "000000"})
    assert removed.status_code in (401, 403)
    for change in (
        {"current": "", "new": NEW, "code": people.code()},
        {"current": PASSWORD, "new": NEW},
        {"new": NEW},
    ):
        assert thief.put("/api/me/password", json=change).status_code == 401
    assert thief.put("/api/me/second-factor", json={"code": "000000"}).status_code == 409
    assert thief.put("/api/me/email", json={"email": "thief@example.org"}).status_code == 401
    assert thief.post("/api/me/recovery-codes", json={"code": "000000"}).status_code in (401, 429)
    assert thief.delete("/api/me", json={"password": "guessed", "code": ""}).status_code == 401


def test_nobody_else_is_harmed_without_a_fresh_code(thief: FlaskClient) -> None:
    any_version = {"If-Match": "*"}
    doing: list[tuple[str, str, Any]] = [
        ("POST", "/api/users", {"username": "x", "name": "x", "role": "admin"}),
        ("PATCH", f"/api/users/{OTTO}", {"email": "thief@example.org"}),
        ("DELETE", f"/api/users/{OTTO}", None),
        ("POST", f"/api/users/{OTTO}/disable", None),
        ("POST", f"/api/users/{OTTO}/reset", None),
        ("POST", "/api/invitations", {"role": "admin"}),
        ("POST", "/api/tokens", {"name": "x", "scopes": ["admin"]}),
    ]
    for method, path, body in doing:
        answer = thief.open(path, method=method, json=body, headers=any_version)
        assert code(answer) == (401, "step-up-needed"), path


def test_guessing_her_password_from_within_is_limited(thief: FlaskClient, people: People) -> None:
    body = {"password": "guess", "code": people.code()}
    statuses = [thief.post("/api/me/second-factor", json=body).status_code for _ in range(8)]
    assert statuses[:5] == [401] * 5
    assert statuses[6:] == [429] * 2


def test_the_first_login_of_an_account_takes_what_only_its_owner_was_given(
    as_: As, client: FlaskClient, parts: Parts
) -> None:
    """Who only knows the name of a new account does not enrol in its place."""
    nina = {"username": "nina", "name": "Nina", "role": "operator"}
    answered(as_("ada").post("/api/users", json=nina), 201)
    for guess in ("", "nina", PASSWORD):
        body = {"username": "nina", "password": guess}
        assert client.post("/api/auth/token", json=body).status_code in (401, 422)
    with parts.database.reading("*") as connection:
        made = users.named(connection, "nina")
    assert made is not None
    assert (made.password_hash, made.totp_seed, made.totp_pending) == (None, None, None)


def test_an_admin_never_chooses_a_password_or_a_second_factor_for_somebody(
    as_: As, people: People, client: FlaskClient
) -> None:
    ada, any_version = as_("ada"), {"If-Match": "*"}
    for field in ("password", "password_hash", "totp_seed", "second_factor", "password_once"):
        answer = ada.patch(f"/api/users/{OTTO}", json={field: NEW}, headers=any_version)
        assert answer.status_code == 422, field
    secret = answered(ada.post(f"/api/users/{OTTO}/reset"), 201)["secret"]
    chosen = client.post(f"/api/auth/password-reset/{secret}", json={"password": NEW})
    assert chosen.status_code == 204
    body = {"username": "otto", "password": NEW}
    asked = client.post("/api/auth/token", json=body)
    assert code(asked) == (401, "code-needed"), "the link does not stand in for the telephone"
