"""Codes that were used, guessed, raced for, or carried to another door."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME, PASSWORD, SEED, People
from control_api.world import KINDS, World, id_of_row
from hyperion_control.store.links import INVITATION
from hyperion_control.store.links import PASSWORD as RESET
from hyperion_control.usecases.parts import Parts

AT_ONCE = 20


def shown(clock: Clock, steps: int = 0) -> str:
    """By the telephone, so many half minutes from now."""
    return pyotp.TOTP(SEED).at(clock() + timedelta(seconds=30 * steps))


def sign_in(client: FlaskClient, given: str, **more: Any) -> TestResponse:
    proof = {"username": "ada", "password": PASSWORD, "code": given}
    return client.post("/api/auth/token", json=proof, **more)


# Every door that takes a code of Ada, who is signed in.
DOORS: dict[str, Callable[[FlaskClient, str], TestResponse]] = {
    "sign in": sign_in,
    "step up": lambda ada, given: ada.post("/api/auth/step-up", json={"code": given}),
    "X-OTP": lambda ada, given: ada.post(
        "/api/users", json={}, headers={"X-OTP": given, "X-Organisation": ACME}
    ),
    "recovery codes": lambda ada, given: ada.post("/api/me/recovery-codes", json={"code": given}),
    "password": lambda ada, given: ada.put(
        "/api/me/password", json={"current": PASSWORD, "new": "seven green hats", "code": given}
    ),
    "second factor": lambda ada, given: ada.post(
        "/api/me/second-factor", json={"password": PASSWORD, "code": given}
    ),
    "erase": lambda ada, given: ada.delete("/api/me", json={"password": PASSWORD, "code": given}),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_code_that_was_used_opens_no_other_door(as_: As, clock: Clock, door: str) -> None:
    ada = as_("ada")
    clock.forward(301)  # so that X-OTP is asked for
    used = shown(clock)
    assert sign_in(ada, used).status_code == 201
    assert code(DOORS[door](ada, used)) == (401, "wrong-code")


def test_a_code_of_before_is_refused_after_a_later_one(
    people: People, client: FlaskClient, clock: Clock
) -> None:
    before = shown(clock)
    clock.forward(30)
    assert sign_in(client, shown(clock)).status_code == 201
    assert code(sign_in(client, before)) == (401, "wrong-code")


def test_two_codes_are_good_and_no_third(people: People, client: FlaskClient, clock: Clock) -> None:
    for steps in (-3, -2, 1, 2):
        assert code(sign_in(client, shown(clock, steps))) == (401, "wrong-code"), steps
    assert sign_in(client, shown(clock, -1)).status_code == 201
    assert sign_in(client, shown(clock)).status_code == 201


def test_a_sixth_guess_is_not_looked_at(people: People, client: FlaskClient, clock: Clock) -> None:
    half = {"username": "ada", "password": PASSWORD}
    challenge = answered(client.post("/api/auth/token", json=half), 401)["challenge"]

    def redeem(given: str) -> TestResponse:
        return client.post("/api/auth/2fa/verify/", json={"token": challenge, "code": given})

    for _ in range(5):
        assert code(redeem("000000"))[1] == "wrong-code"
    assert code(redeem(shown(clock)))[1] == "challenge-ended"
    again = answered(client.post("/api/auth/token", json=half), 401)["challenge"]
    anew = client.post("/api/auth/2fa/verify/", json={"token": again, "code": shown(clock)})
    assert anew.status_code == 429, "a new challenge does not begin the count anew"
    assert int(anew.headers["Retry-After"]) > 60


@pytest.mark.parametrize("door", [door for door in DOORS if door != "sign in"])
def test_guesses_count_together_at_every_door(as_: As, clock: Clock, door: str) -> None:
    ada = as_("ada")
    clock.forward(301)
    for _ in range(5):
        assert DOORS[door](ada, "000000").status_code == 401
    assert sign_in(ada, shown(clock)).status_code == 429


def test_an_old_cookie_does_not_set_the_count_back(
    app: Flask, people: People, clock: Clock
) -> None:
    client = app.test_client()
    client.post("/login", data={"username": "ada", "password": PASSWORD})
    old = client.get_cookie("__Host-hyperion")
    assert old
    for _ in range(5):
        assert client.post("/login/code", data={"code": "000000"}).status_code == 401
        client.set_cookie("__Host-hyperion", old.value)
    assert client.post("/login/code", data={"code": shown(clock)}).status_code in (401, 429)


def test_codes_are_guessed_no_faster_from_many_addresses(
    people: People, client: FlaskClient, clock: Clock
) -> None:
    statuses = []
    for number in range(8):
        elsewhere = {"REMOTE_ADDR": f"203.0.113.{number}"}
        statuses.append(sign_in(client, "000000", environ_overrides=elsewhere).status_code)
    assert statuses == [401] * 5 + [429] * 3


def test_a_recovery_code_is_no_faster_guessed_than_any_other(as_: As, clock: Clock) -> None:
    ada = as_("ada")
    guesses = [ada.post("/api/auth/step-up", json={"code": "aaaa-bbbb-cccc-dddd"}) for _ in "12345"]
    assert {guess.status_code for guess in guesses} == {401}
    assert ada.post("/api/auth/step-up", json={"code": shown(clock)}).status_code == 429


@pytest.fixture
def once(people: People, parts: Parts) -> dict[str, dict[str, Any]]:
    """Requests that are each good once."""
    world = World(parts)
    kind = KINDS["admin"]
    assert kind
    someone = world.person(kind)
    reset, invitation = world.link(RESET, user=someone.id), world.link(INVITATION, ACME)
    challenge = world.challenge(someone.id, "api")
    bearer = {"Authorization": f"Bearer {someone.login}"}
    joined = {"username": "nina", "name": "Nina", "password": "eleven purple lanterns"}
    return {
        "reset": {
            "path": f"/api/auth/password-reset/{reset}",
            "json": {"password": "eleven purple lanterns"},
        },
        "invitation": {
            "path": "/api/invitations/accept",
            "json": {"secret": invitation, **joined},
        },
        "challenge": {
            "path": "/api/auth/2fa/verify/",
            "json": {"token": challenge, "code": people.code()},
        },
        "refresh": {"path": "/api/auth/token/refresh", "headers": bearer},
        "enrolment": {
            "path": "/api/me/second-factor",
            "method": "PUT",
            "json": {"code": people.code()},
            "headers": bearer,
        },
        "token": {
            "path": "/api/auth/token",
            "json": {"username": someone.name, "password": PASSWORD, "code": people.code()},
        },
        "revoke": {
            "path": f"/api/logins/{id_of_row('lgn', someone.other_login)}",
            "method": "DELETE",
            "headers": bearer,
        },
    }


@pytest.mark.parametrize(
    "what", ["reset", "invitation", "challenge", "refresh", "enrolment", "token", "revoke"]
)
def test_of_many_at_once_one_succeeds(
    app: Flask, once: dict[str, dict[str, Any]], what: str
) -> None:
    request = {"method": "POST", **once[what]}

    def ask(_: int) -> int:
        return app.test_client().open(**request).status_code

    with ThreadPoolExecutor(AT_ONCE) as crew:
        statuses = sorted(crew.map(ask, range(AT_ONCE)))
    assert len([status for status in statuses if status < 400]) == 1, statuses
    assert set(statuses[1:]) <= {401, 404, 409, 429}
