"""The gate: who asks is known and may, or is refused and recorded, before any view runs."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from sqlalchemy import select
from werkzeug.test import TestResponse

from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, PASSWORD, People, id_of
from hyperion_control.app import assembled, equip
from hyperion_control.border.context import actor, open_to_all, platform_only, requires, signed_in
from hyperion_control.domain import secrets_text
from hyperion_control.domain.roles import Role
from hyperion_control.store import users
from hyperion_control.store.records import records
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted
from lab.databases import OnSqlite

As = Callable[[str], FlaskClient]
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def databases(_on_sqlite: OnSqlite) -> OnSqlite:
    """What the gate asks of a database is tested on both kinds a floor below."""
    return _on_sqlite


def who() -> dict[str, Any]:
    return {"user": actor().user_id, "organisation": actor().organisation_id}


@pytest.fixture(scope="module")
def _with_views() -> OpenAPI:
    """With one view of each kind."""
    app = assembled()
    kinds = {
        "open": open_to_all,
        "own": signed_in(),
        "owed": signed_in(duties=False),
        "look": requires(Role.OBSERVER, scope="machines:read"),
        "act": requires(Role.OPERATOR, scope="processes:write"),
        "decide": requires(Role.ADMIN),
        "danger": requires(Role.OPERATOR, scope="commands:run", step_up=True),
        "platform": platform_only(),
    }
    for name, kind in kinds.items():
        view = kind(lambda: who())
        methods = ["GET", "POST"]
        app.add_url_rule(f"/api/try/{name}", f"try_{name}", view, methods=methods)
        app.add_url_rule(f"/try/{name}", f"page_{name}", view, methods=methods)
    return app


@pytest.fixture
def app(_with_views: OpenAPI, parts: Parts, people: People) -> Flask:
    equip(_with_views, parts)
    return _with_views


@pytest.fixture
def browser(app: Flask, people: People) -> FlaskClient:
    """Ada's, signed in by cookie."""
    client = app.test_client()
    client.post("/api/auth/login/", json={"username": "ada", "password": PASSWORD})
    client.post("/login/code", data={"code": people.code()})
    assert client.get("/api/try/own").status_code == 200
    return client


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.json and answer.json["code"])


def token(parts: Parts, people: People, *scopes: str) -> dict[str, str]:
    made = tokens.create(parts, people.actor("olga"), Wanted("script", scopes))
    return {"Authorization": f"Bearer {made.secret}"}


def refusals(parts: Parts) -> list[Any]:
    with parts.database.reading("*") as connection:
        wanted = select(records).where(records.c.decision == "refused")
        return list(connection.execute(wanted.order_by(records.c.seq)))


@pytest.mark.parametrize(
    ("name", "open_doors"),
    [
        ("otto", {"own", "look"}),
        ("olga", {"own", "look", "act", "danger"}),
        ("ada", {"own", "look", "act", "danger", "decide"}),
        ("petra", {"own", "platform"}),
    ],
)
def test_each_role_opens_its_doors_and_no_others(as_: As, name: str, open_doors: set[str]) -> None:
    client, doors = as_(name), ("own", "look", "act", "danger", "decide", "platform")
    found = {door for door in doors if client.get(f"/api/try/{door}").status_code == 200}
    assert found == open_doors
    refused = {client.get(f"/api/try/{door}").status_code for door in set(doors) - open_doors}
    assert refused <= {403}


def test_the_view_learns_who_asks_and_where(as_: As) -> None:
    assert as_("eve").get("/api/try/own").json == {"user": id_of("eve"), "organisation": GLOBEX}


def test_who_runs_the_platform_names_where(as_: As) -> None:
    petra = as_("petra")
    assert told(petra.get("/api/try/decide")) == (403, "organisation-needed")
    answer = petra.get("/api/try/decide", headers={"X-Organisation": ACME})
    assert answer.json == {"user": id_of("petra"), "organisation": ACME}


def test_a_token_opens_what_it_was_given(parts: Parts, people: People, client: FlaskClient) -> None:
    given = token(parts, people, "machines:read")
    assert client.get("/api/try/look", headers=given).status_code == 200
    assert told(client.get("/api/try/act", headers=given)) == (403, "scope-missing")
    assert told(client.get("/api/try/own", headers=given)) == (403, "token-not-allowed")
    elsewhere = {**given, "X-Organisation": GLOBEX}
    assert client.get("/api/try/look", headers=elsewhere).status_code == 404


def test_a_code_in_the_request_is_good_for_that_request(
    as_: As, people: People, clock: Clock
) -> None:
    olga = as_("olga")
    clock.forward(301)
    assert told(olga.post("/api/try/danger")) == (401, "step-up-needed")
    fresh = {"X-OTP": people.code()}
    assert olga.post("/api/try/danger", headers=fresh).status_code == 200
    assert told(olga.post("/api/try/danger")) == (401, "step-up-needed")
    assert told(olga.post("/api/try/danger", headers=fresh)) == (401, "wrong-code")


def test_a_token_takes_its_owners_code_each_time(
    parts: Parts, people: People, client: FlaskClient
) -> None:
    given = token(parts, people, "commands:run")
    assert told(client.post("/api/try/danger", headers=given)) == (401, "step-up-needed")
    with_code = {**given, "X-OTP": people.code()}
    assert client.post("/api/try/danger", headers=with_code).status_code == 200


def test_a_step_up_opens_the_door_for_five_minutes(as_: As, people: People, clock: Clock) -> None:
    olga = as_("olga")
    clock.forward(600)
    assert olga.post("/api/auth/step-up", json={"code": people.code()}).status_code == 200
    clock.forward(299)
    assert olga.post("/api/try/danger").status_code == 200
    clock.forward(1)
    assert olga.post("/api/try/danger").status_code == 401


def test_a_missing_code_is_asked_for_as_rfc_9470_says(as_: As, clock: Clock) -> None:
    olga = as_("olga")
    clock.forward(600)
    answer = olga.post("/api/try/danger")
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge == 'Bearer error="insufficient_user_authentication", max_age=300'
    assert answer.json and answer.json["step_up"] == "/api/auth/step-up"


def test_what_is_owed_comes_first(as_: As, people: People, clock: Clock) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"password_once": True, "totp_seed": None})
    olga = as_("olga")
    for door in ("own", "look", "danger", "decide", "platform"):
        assert told(olga.get(f"/api/try/{door}")) == (403, "password-due")
    assert olga.get("/api/try/owed").status_code == 200
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"password_once": False})
    answer = olga.get("/api/try/look")
    assert told(answer) == (403, "second-factor-due")
    assert answer.json and answer.json["url"] == "/api/me/second-factor"


def test_a_cookie_opens_what_a_bearer_does(browser: FlaskClient) -> None:
    assert browser.get("/api/try/decide").json == {"user": id_of("ada"), "organisation": ACME}
    assert browser.post("/api/try/decide", headers=OURS).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YWRhOmFkYQ==",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
        "Bearer hyp_l_x",
        "Bearer hyp_t_x",
        pytest.param(f"Bearer {secrets_text.new(secrets_text.LOGIN)}", id="an unknown login"),
        pytest.param(f"Bearer {secrets_text.new(secrets_text.TOKEN)}", id="an unknown token"),
        pytest.param(f"Bearer {secrets_text.new(secrets_text.LINK)}", id="an unknown link"),
    ],
)
def test_who_is_unknown_is_asked_to_sign_in(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/try/own", headers={"Authorization": header})
    assert told(answer) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hyperion"'
    assert client.get("/api/try/open", headers={"Authorization": header}).status_code == 200


def test_a_challenge_is_told_what_it_lacks(client: FlaskClient) -> None:
    header = {"Authorization": f"Bearer {secrets_text.new(secrets_text.CHALLENGE)}"}
    assert told(client.get("/api/try/own", headers=header)) == (401, "code-needed")


def test_a_cookie_and_a_bearer_in_one_request_are_refused(
    browser: FlaskClient, people: People
) -> None:
    bearer = {"Authorization": f"Bearer {people.login('eve')}"}
    for door in ("own", "open"):
        assert told(browser.get(f"/api/try/{door}", headers=bearer)) == (400, "bad-request")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
@pytest.mark.parametrize("path", ["/api/try/decide", "/try/decide"])
def test_a_cookie_changes_nothing_for_a_page_of_another_site(
    browser: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    answer = browser.post(path, headers=headers)
    assert told(answer) == (403, "cross-site")
    assert browser.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Origin": "http://127.0.0.1:8080"},  # HYPERION_PUBLIC_URL
    ],
)
def test_a_page_of_ours_may(browser: FlaskClient, headers: dict[str, str]) -> None:
    assert browser.post("/api/try/decide", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_by_cookie_the_api_takes_no_form(browser: FlaskClient, kind: str) -> None:
    answer = browser.post("/api/try/decide", data="{}", content_type=kind, headers=OURS)
    assert told(answer) == (403, "cross-site")
    assert browser.post("/try/decide", data="", content_type=kind, headers=OURS).status_code == 200


def test_a_bearer_says_nothing_of_pages(as_: As) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert as_("ada").post("/api/try/decide", headers=foreign).status_code == 200


def test_a_cookie_kept_from_before_signing_out_opens_nothing(
    app: Flask, browser: FlaskClient
) -> None:
    kept = browser.get_cookie("__Host-hyperion")
    assert kept
    assert browser.post("/api/auth/logout", headers=OURS).status_code == 204
    thief = app.test_client()
    thief.set_cookie("__Host-hyperion", kept.value)
    assert told(thief.get("/api/try/own")) == (401, "unauthorised")


def test_a_forged_cookie_is_nobody(app: Flask, people: People) -> None:
    for value in (people.login("ada"), "eyJfdXNlcl9pZCI6ImEifQ.x.y", "x" * 4000):
        client = app.test_client()
        client.set_cookie("__Host-hyperion", value)
        assert told(client.get("/api/try/own")) == (401, "unauthorised")


def test_who_is_revoked_or_disabled_is_out_at_the_next_request(as_: As, people: People) -> None:
    ada, olga = as_("ada"), as_("olga")
    assert olga.get("/api/try/own").status_code == 200
    listed = ada.get(f"/api/users/{id_of('olga')}/logins").json
    assert listed
    path = f"/api/users/{id_of('olga')}/logins/{listed['data'][0]['id']}"
    assert ada.delete(path).status_code == 204
    assert olga.get("/api/try/own").status_code == 401


def test_refusals_of_known_people_are_recorded_and_of_others_not(
    parts: Parts, client: FlaskClient, as_: As
) -> None:
    client.get("/api/try/decide")
    as_("otto").get("/api/try/decide", headers={"X-Request-Id": "mine-7"})
    [refusal] = refusals(parts)
    assert (refusal.actor_id, refusal.organisation_id) == (id_of("otto"), ACME)
    assert (refusal.action, refusal.target) == ("request:make", "/api/try/decide")
    assert refusal.detail == '{"code":"forbidden","method":"GET"}'
    assert refusal.request_id == "mine-7"


def test_an_address_that_is_not_there_asks_nobody_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/api/nothing").status_code == 404
    assert client.delete("/api/try/open").status_code == 405


def test_a_client_cannot_put_another_address_on_record(as_: As, parts: Parts) -> None:
    olga = as_("olga")
    olga.get("/api/try/decide", headers={"X-Forwarded-For": "203.0.113.9"})
    assert [refusal.address for refusal in refusals(parts)] == ["127.0.0.1"]
