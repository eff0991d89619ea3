"""Other ways in than the one that is guarded: the gate stands before every one of them."""

import base64
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.every_request import Asker
from control_api.people import ACME, PASSWORD, People, id_of
from control_api.test_matrix import MATRIX, shut
from control_api.world import World
from hyperion_control.domain import secrets_text
from hyperion_control.usecases.parts import Parts

ADMINS_ONLY = "/api/users"


def jwt(algorithm: str) -> str:
    head, claims = {"alg": algorithm, "typ": "JWT"}, {"sub": id_of("ada"), "role": "admin"}
    written = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (head, claims))
    signature = "" if algorithm == "none" else "c2lnbmF0dXJl"
    return ".".join([*(part.decode().rstrip("=") for part in written), signature])


@pytest.fixture
def world(people: People, parts: Parts) -> World:
    return World(parts)


@pytest.mark.parametrize("kind", ["api", "browser"])
def test_a_right_password_alone_opens_no_route(
    app: Flask, people: People, world: World, kind: str
) -> None:
    asker, challenge = Asker(app, people, world), world.challenge(id_of("ada"), kind)
    bearer = {"Authorization": f"Bearer {challenge}"}
    found = {route: asker.ask(route, "nobody", headers=bearer).outcome for route in shut(MATRIX)}
    assert {route: told for route, told in found.items() if told not in ("401", "/login")} == {}


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {jwt('none')}",
        f"Bearer {jwt('HS256')}",
        f"Bearer {jwt('RS256')}",
        "Bearer null",
        "Bearer *",
        "Bearer ' OR '1'='1",
        "Bearer %",
        "bearer",
        f"Basic {base64.b64encode(f'ada:{PASSWORD}'.encode()).decode()}",
        f"Digest username=ada, response={PASSWORD}",
        pytest.param(f"Token {secrets_text.new(secrets_text.LOGIN)}", id="an unknown login"),
    ],
)
def test_what_is_no_login_of_ours_is_nobody(
    client: FlaskClient, people: People, header: str
) -> None:
    answer = client.get(ADMINS_ONLY, headers={"Authorization": header})
    assert code(answer) == (401, "unauthorised")


def test_a_login_counts_only_where_it_belongs(client: FlaskClient, people: People) -> None:
    """Not in the address, where logs keep it, nor in other headers, cookies or the body."""
    login = people.login("ada")
    for name in ("token", "access_token", "api_key", "authorization"):
        assert client.get(f"{ADMINS_ONLY}?{name}={login}").status_code == 401
    for header in ("X-Api-Key", "X-Auth-Token", "Proxy-Authorization", "X-Forwarded-User"):
        assert client.get(ADMINS_ONLY, headers={header: f"Bearer {login}"}).status_code == 401
    for name in ("__Host-hyperion", "session", "remember_token", "token"):
        client.set_cookie(name, login)
    assert client.get(ADMINS_ONLY).status_code == 401


def test_the_hash_that_the_database_keeps_opens_nothing(
    client: FlaskClient, people: People
) -> None:
    kept = secrets_text.hashed(people.login("ada"))
    for bearer in (kept, f"hyp_l_{kept}"):
        answer = client.get(ADMINS_ONLY, headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "//api/users",
        "/api//users",
        "/api/./users",
        "/API/USERS",
        "/api/users%00",
        "/api/users;admin",
        "/api/users/..;/users",
        "/api/%75sers",
        "/healthz/../api/users",
        "/static/..%2fapi/users",
        "/api/users.json",
        "/api/users%2f",
    ],
)
def test_an_odd_address_is_guarded_as_the_plain_one_or_is_none(as_: As, path: str) -> None:
    assert as_("otto").get(path).status_code in (403, 404)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_does_not_change_the_method(as_: As, header: str) -> None:
    ada, path = as_("ada"), f"/api/users/{id_of('otto')}"
    assert ada.get(path, headers={header: "DELETE"}).status_code == 200
    assert ada.post(path, headers={header: "DELETE"}).status_code == 405
    assert answered(ada.get(path))["disabled_at"] is None


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path"])
def test_a_header_does_not_change_the_address(client: FlaskClient, header: str) -> None:
    assert client.get("/healthz", headers={header: ADMINS_ONLY}).json == {"status": "ok"}


def test_asking_for_the_methods_tells_no_more(client: FlaskClient, people: People) -> None:
    answer = client.options(ADMINS_ONLY)
    # In quotes: a request id is hexadecimal, and may hold these letters by chance.
    assert '"ada"' not in answer.text
    assert answer.status_code in (200, 401)
    assert client.open(ADMINS_ONLY, method="TRACE").status_code == 405


def test_an_organisation_is_named_by_members_only(as_: As) -> None:
    for named in (ACME, "acme", "*", "", " ", f"{ACME},{ACME}", "' OR 1=1", "org_%"):
        answer = as_("eve").get(ADMINS_ONLY, headers={"X-Organisation": named})
        assert answer.status_code == 404 or "olga" not in answer.text, named
