"""Who is shut out is out at the next request, on every replica, with all that they still hold."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered
from control_api.conftest import Clock
from control_api.people import ACME, PASSWORD, People, id_of
from hyperion_control.app import create_app
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

OLGA = id_of("olga")
Held = dict[str, FlaskClient]


@pytest.fixture
def replica(parts: Parts) -> Iterator[Flask]:
    """Another process's API on the same database."""
    with closing(Parts.build(parts.settings, parts.clock)) as others:
        yield create_app(others)


@pytest.fixture
def held(replica: Flask, people: People, parts: Parts) -> Held:
    """All that Olga is signed in with: a browser, a program and a script."""
    browser, program, script = (replica.test_client() for _ in range(3))
    browser.post("/login", data={"username": "olga", "password": PASSWORD})
    browser.post("/login/code", data={"code": people.code()})
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {people.login('olga')}"
    made = tokens.create(parts, people.actor("olga"), Wanted("script", ("users:read",)))
    script.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    held = {"browser": browser, "program": program, "script": script}
    assert let_in(held) == {"browser", "program", "script"}
    return held


def let_in(held: Held) -> set[str]:
    path = f"/api/users/{OLGA}/session-quota"  # for operators, and for this token
    return {name for name, client in held.items() if client.get(path).status_code == 200}


def disable(ada: FlaskClient) -> Any:
    return ada.post(f"/api/users/{OLGA}/disable")


def erase(ada: FlaskClient) -> Any:
    return ada.delete(f"/api/users/{OLGA}", headers={"If-Match": "*"})


def remove(ada: FlaskClient) -> Any:
    return ada.delete(f"/api/organisations/{ACME}/members/{OLGA}")


def make_observer(ada: FlaskClient) -> Any:
    path = f"/api/organisations/{ACME}/members/{OLGA}"
    return ada.patch(path, json={"role": "observer"})


@pytest.mark.parametrize("shut", [disable, erase, remove, make_observer])
def test_nothing_that_they_hold_lets_them_in(
    as_: As, held: Held, shut: Callable[[FlaskClient], Any]
) -> None:
    assert shut(as_("ada")).status_code in (200, 204)
    assert let_in(held) == set()


@pytest.mark.parametrize("shut", [disable, erase])
def test_nor_do_the_right_password_and_code(
    as_: As, client: FlaskClient, people: People, shut: Callable[[FlaskClient], Any]
) -> None:
    shut(as_("ada"))
    proof = {"username": "olga", "password": PASSWORD, "code": people.code()}
    assert client.post("/api/auth/token", json=proof).status_code == 401
    assert client.post("/api/auth/api-login/", json=proof).status_code in (401, 422)
    assert client.post("/login", data=proof).status_code == 401


def test_nor_does_a_link_or_a_challenge_that_they_had(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    reset = answered(ada.post(f"/api/users/{OLGA}/reset"), 201)["secret"]
    half = {"username": "olga", "password": PASSWORD}
    challenge = answered(client.post("/api/auth/token", json=half), 401)["challenge"]
    disable(ada)
    chosen = client.post(f"/api/auth/password-reset/{reset}", json={"password": "long enough now"})
    assert chosen.status_code == 401
    redeemed = client.post("/api/auth/2fa/verify/", json={"token": challenge, "code": "000000"})
    assert redeemed.status_code == 401


def test_a_revoked_token_is_dead_and_the_others_live(as_: As, held: Held) -> None:
    ada = as_("ada")
    [token] = answered(ada.get("/api/tokens?whose=all"))["data"]
    assert ada.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert let_in(held) == {"browser", "program"}


def test_a_login_that_an_admin_ends_is_over(as_: As, held: Held) -> None:
    ada = as_("ada")
    for login in answered(ada.get(f"/api/users/{OLGA}/logins"))["data"]:
        ada.delete(f"/api/users/{OLGA}/logins/{login['id']}")
    assert let_in(held) == {"script"}


def test_a_new_password_ends_all_other_logins(
    as_: As, held: Held, people: People, clock: Clock
) -> None:
    clock.forward(30)  # the code that the browser signed in with is used up
    change = {"current": PASSWORD, "new": "eleven purple lanterns", "code": people.code()}
    assert as_("olga").put("/api/me/password", json=change).status_code == 204
    assert let_in(held) == {"script"}


def test_a_cookie_from_before_signing_out_is_of_no_use(held: Held, replica: Flask) -> None:
    kept = held["browser"].get_cookie("__Host-hyperion")
    assert kept
    held["browser"].post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    thief = replica.test_client()
    thief.set_cookie("__Host-hyperion", kept.value)
    assert let_in({"thief": thief}) == set()
