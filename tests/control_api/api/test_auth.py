"""Signing in and out over HTTP."""

import statistics
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, PASSWORD, People, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.store import users
from hyperion_control.usecases import tokens
from hyperion_control.usecases import users as people_of
from hyperion_control.usecases.hasher import Hasher
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

As = Callable[[str], FlaskClient]
ADA = {"username": "ada", "password": PASSWORD}
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _living(people: People) -> None:
    """Ada and the others are there."""


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.json and answer.json["code"])


def without_factor(people: People, name: str) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of(name), {"totp_seed": None})


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("path", ["/api/auth/login/", "/api/auth/login"])
@pytest.mark.parametrize("form", ["json", "data"])
def test_a_browser_is_led_to_the_code(client: FlaskClient, path: str, form: str) -> None:
    answer = client.post(path, **{form: ADA})  # type: ignore[arg-type]
    assert (answer.status_code, answer.location) == (303, "/login/code")


def test_or_to_the_first_page_where_there_is_no_second_factor(
    client: FlaskClient, people: People
) -> None:
    without_factor(people, "otto")
    answer = client.post("/api/auth/login/", json={"username": "otto", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/api/logins").json


def test_or_to_what_is_owed_first(client: FlaskClient, people: People) -> None:
    without_factor(people, "olga")
    answer = client.post("/api/auth/login/", json={"username": "olga", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/second-factor")


def test_signing_in_anew_ends_the_login_before(app: Flask, people: People) -> None:
    without_factor(people, "otto")
    otto, browser = {"username": "otto", "password": PASSWORD}, app.test_client()
    browser.post("/api/auth/login/", json=otto)
    first = browser.get_cookie("__Host-hyperion")
    browser.post("/api/auth/login/", json=otto, headers=OURS)
    second = browser.get_cookie("__Host-hyperion")
    assert first and second and first.value != second.value
    listed = browser.get("/api/logins").json
    assert listed and len(listed["data"]) == 1


def test_a_program_signs_in_in_one_call(client: FlaskClient, people: People, clock: Clock) -> None:
    answer = client.post("/api/auth/token", json={**ADA, "code": people.code()})
    assert answer.status_code == 201
    made = answer.json
    assert made
    assert secrets_text.is_one(secrets_text.LOGIN, made.pop("access_token"))
    assert made == {
        "token_type": "Bearer",
        "expires_at": "2026-11-21T15:00:00Z",
        "idle_seconds": 1800,
        "duties": [],
        "user": {"id": id_of("ada"), "number": 1, "username": "ada"},
    }


def test_it_may_say_where_to_work(client: FlaskClient, people: People) -> None:
    wanted = {**ADA, "code": people.code(), "organisation": ACME}
    assert client.post("/api/auth/token", json=wanted).status_code == 201
    petra = {"username": "petra", "password": PASSWORD, "code": people.code()}
    made = client.post("/api/auth/token", json={**petra, "organisation": GLOBEX}).json
    assert made
    [login] = client.get("/api/logins", headers=bearer(made["access_token"])).json["data"]  # type: ignore[index]
    assert login["organisation_id"] == GLOBEX


def test_without_its_code_it_gets_a_challenge(client: FlaskClient, people: People) -> None:
    answer = client.post("/api/auth/token", json=ADA)
    assert told(answer) == (401, "code-needed")
    assert answer.json
    body = {"token": answer.json["challenge"], "code": people.code()}
    verified = client.post("/api/auth/2fa/verify/", json=body).json
    assert verified and verified["success"] is True
    secret = verified["data"]["access_token"]
    assert client.get("/api/logins", headers=bearer(secret)).status_code == 200


def test_the_answer_to_a_code_has_its_exact_shape(client: FlaskClient, people: People) -> None:
    challenge = client.post("/api/auth/token", json=ADA).json["challenge"]  # type: ignore[index]
    body = {"token": challenge, "code": people.code()}
    verified = client.post("/api/auth/2fa/verify/", json=body).json
    assert verified
    assert verified == {
        "success": True,
        "data": {"access_token": verified["data"]["access_token"]},
    }


def test_a_refreshed_bearer_takes_the_place_of_the_one_before(as_: As) -> None:
    ada = as_("ada")
    made = ada.post("/api/auth/token/refresh").json
    assert made
    assert ada.get("/api/logins").status_code == 401
    assert ada.get("/api/logins", headers=bearer(made["access_token"])).status_code == 200


def test_a_login_is_verified(client: FlaskClient, people: People) -> None:
    found = client.post("/api/auth/token/verify", json={"token": people.login("olga")}).json
    assert found == {
        "active": True,
        "kind": "login",
        "user_id": id_of("olga"),
        "organisation_id": ACME,
        "role": "operator",
        "scopes": None,
    }


def test_so_is_a_token(client: FlaskClient, people: People, parts: Parts) -> None:
    made = tokens.create(parts, people.actor("olga"), Wanted("script", ("sd:read",)))
    found = client.post("/api/auth/token/verify", json={"token": made.secret}).json
    assert found and (found["kind"], found["scopes"]) == ("token", ["sd:read"])


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "one that was never given"])
def test_anything_else_is_not_active(client: FlaskClient, token: str) -> None:
    token = secrets_text.new(secrets_text.TOKEN) if " " in token else token
    answer = client.post("/api/auth/token/verify", json={"token": token})
    assert (answer.status_code, answer.json and answer.json["active"]) == (200, False)


def test_a_step_up_gives_a_browser_another_cookie(client: FlaskClient, people: People) -> None:
    client.post("/api/auth/login/", json=ADA)
    client.post("/login/code", data={"code": people.code()})
    before = client.get_cookie("__Host-hyperion")
    people.parts.clock.forward(30)  # type: ignore[attr-defined]
    answer = client.post("/api/auth/step-up", json={"code": people.code()}, headers=OURS)
    assert (answer.status_code, answer.json) == (200, {"seconds": 300})
    after = client.get_cookie("__Host-hyperion")
    assert before and after and before.value != after.value
    assert client.get("/api/logins").status_code == 200
    client.set_cookie("__Host-hyperion", before.value)
    assert client.get("/api/logins").status_code == 401


def test_signing_out_is_final(as_: As) -> None:
    ada = as_("ada")
    assert ada.post("/api/auth/logout").status_code == 204
    assert ada.get("/api/logins").status_code == 401


def test_a_link_gives_a_new_password(client: FlaskClient, parts: Parts, people: People) -> None:
    secret = people_of.reset(parts, people.actor("ada"), id_of("olga")).secret
    new, address = "a goat, a ladder and a drum", f"/api/auth/password-reset/{secret}"
    assert client.get(address).status_code == 405
    assert client.post(address, json={"password": new}).status_code == 204
    olga = {"username": "olga", "password": new}
    assert told(client.post("/api/auth/token", json=olga)) == (401, "code-needed")


@pytest.mark.parametrize("name", ["ada", "ada@example.org", "nobody"])
def test_whoever_asks_for_a_link_gets_the_same_answer(client: FlaskClient, name: str) -> None:
    answer = client.post("/api/auth/password-reset", json={"username": name})
    assert answer.status_code == 202
    said = "if there is such a user, an admin can now send them a link"
    assert answer.json == {"detail": said}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "ada"},
        {**ADA, "role": "admin"},
        {**ADA, "platform_admin": True},
        {**ADA, "organisation_id": GLOBEX},
        {"username": ["ada"], "password": PASSWORD},
        {"username": "ada", "password": None},
        {"username": "ada", "password": "x" * 257},
        {"username": "a\0da", "password": PASSWORD},
        [],
        "ada",
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/login/", "/api/auth/token"])
def test_a_body_that_does_not_fit_is_refused(client: FlaskClient, path: str, body: object) -> None:
    assert client.post(path, json=body).status_code == 422


def test_a_form_that_does_not_fit_is_too(client: FlaskClient) -> None:
    assert client.post("/api/auth/login/", data={**ADA, "role": "admin"}).status_code == 422
    assert client.post("/api/auth/token", data=ADA).status_code == 415


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://x.y"}])
def test_no_other_site_signs_a_browser_in(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/auth/login/", data=ADA, headers=headers)
    assert told(answer) == (403, "cross-site")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_known_and_unknown_names_are_refused_with_the_same_words(
    client: FlaskClient, name: str
) -> None:
    answer = client.post("/api/auth/token", json={"username": name, "password": "wrong"})
    assert told(answer) == (401, "wrong-credentials")
    assert answer.json and answer.json["detail"] == "wrong user name or password"


def test_and_after_the_same_time(parts: Parts, client: FlaskClient) -> None:
    """With real hashes; the medians of interleaved tries differ by less than the noise."""
    strong = Hasher().hash(PASSWORD)
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("otto"), {"password_hash": strong})

    def seconds(name: str) -> float:
        begun = time.perf_counter()
        client.post("/api/auth/token", json={"username": name, "password": "wrong"})
        return time.perf_counter() - begun

    times: dict[str, list[float]] = {"otto": [], "nobody": []}
    for _ in range(5):
        for name, measured in times.items():
            measured.append(seconds(name))
    known, unknown = (statistics.median(measured) for measured in times.values())
    assert 0.5 < known / unknown < 2


def test_a_limit_says_when_the_next_try_makes_sense(client: FlaskClient) -> None:
    wrong = {"username": "ada", "password": "wrong"}
    for _ in range(6):
        answer = client.post("/api/auth/token", json=wrong)
    assert told(answer) == (429, "too-many-failures")
    assert int(answer.headers["Retry-After"]) >= 1


def test_counters_do_not_live_in_the_cookie(app: Flask, people: People) -> None:
    client = app.test_client()
    client.post("/api/auth/login/", json=ADA)
    kept = client.get_cookie("__Host-hyperion")
    assert kept
    for _ in range(5):
        assert client.post("/login/code", data={"code": "000000"}).status_code == 401
        client.set_cookie("__Host-hyperion", kept.value)
    assert client.post("/login/code", data={"code": people.code()}).status_code in (401, 429)


def test_without_a_record_nobody_signs_in(
    client: FlaskClient, parts: Parts, people: People
) -> None:
    with parts.database.writing("*") as connection:
        connection.execute(text("ALTER TABLE records RENAME TO gone"))
    answer = client.post("/api/auth/token", json={**ADA, "code": people.code()})
    assert told(answer) == (503, "audit-unavailable")
