"""Nobody learns which names have an account: not by text, not by status, not by time."""

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered
from control_api.people import PASSWORD, People
from hyperion_control.domain import secrets_text
from hyperion_control.store import attempts, users
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

ROUNDS = 25
# How far the medians may be apart; the work for a password is a hundred times what else is done.
NOISE = 0.25


def said(answer: Any) -> tuple[int, str, list[str]]:
    """All that an attacker sees, without what differs each time."""
    text = answer.text.replace(answer.headers["X-Request-Id"], "")
    return answer.status_code, text, sorted(set(answer.headers.keys()))


@pytest.fixture
def names(people: People, as_: As, parts: Parts) -> list[str]:
    """Of every state that an account can be in, and of none."""
    ada = as_("ada")
    made = {"username": "nina", "name": "Nina", "role": "observer"}
    answered(ada.post("/api/users", json=made), 201)
    with parts.database.writing("*") as connection:
        users.change(connection, "usr_olga0000000000000000", {"disabled_at": parts.clock()})
    return ["ada", "ada@example.org", "nina", "olga", "otto", "petra", "nobody", "no@example.org"]


@pytest.mark.parametrize(
    "path", ["/api/auth/token", "/api/auth/api-login/", "/api/auth/login/", "/login"]
)
def test_a_wrong_password_is_told_alike_for_every_name(
    client: FlaskClient, names: list[str], path: str
) -> None:
    told = set()
    for number, name in enumerate(names):
        sent: dict[str, Any] = {"username": name, "password": "wrong"}
        sent = {"data": sent} if path == "/login" else {"json": sent}
        elsewhere = {"REMOTE_ADDR": f"203.0.113.{number}"}
        answer = repr(said(client.post(path, **sent, environ_overrides=elsewhere)))
        told.add(answer.replace(f'value="{name}"', ""))  # the form keeps what was typed
    assert len(told) == 1, told


def test_waits_grow_for_names_that_nobody_has_too(client: FlaskClient, people: People) -> None:
    def guessed(name: str, number: int) -> list[int]:
        body = {"username": name, "password": "wrong"}
        there = {"REMOTE_ADDR": f"203.0.113.{number}"}
        asked = [
            client.post("/api/auth/token", json=body, environ_overrides=there) for _ in range(7)
        ]
        return [answer.status_code for answer in asked]

    assert guessed("ada", 1) == guessed("nobody", 2) == [401] * 5 + [429] * 2


def test_asking_for_a_reset_is_answered_alike(client: FlaskClient, names: list[str]) -> None:
    path = "/api/auth/password-reset"
    told = {repr(said(client.post(path, json={"username": name}))) for name in names}
    assert len(told) == 1


def test_a_made_up_link_is_told_as_one_that_was_used(
    as_: As, client: FlaskClient, people: People
) -> None:
    secret = answered(as_("ada").post("/api/users/usr_otto0000000000000000/reset"), 201)["secret"]
    body = {"password": "eleven purple lanterns"}
    assert client.post(f"/api/auth/password-reset/{secret}", json=body).status_code == 204
    used = client.post(f"/api/auth/password-reset/{secret}", json=body)
    made_up = secrets_text.new(secrets_text.LINK)
    assert said(used) == said(client.post(f"/api/auth/password-reset/{made_up}", json=body))


def test_an_address_that_somebody_has_is_taken_as_any_other(as_: As) -> None:
    """Else an admin of one organisation learns who is in another."""
    told = []
    for number, email in enumerate(("ada@example.org", "nobody@example.org")):
        body = {"username": f"new{number}", "name": "New", "role": "observer", "email": email}
        told.append(answered(as_("eve").post("/api/users", json=body), 201)["user"]["email"])
    assert told == ["ada@example.org", "nobody@example.org"]


@ON_SQLITE
def test_it_takes_as_long_for_a_name_that_nobody_has(
    client: FlaskClient, people: People, parts: Parts
) -> None:
    # As strong as the product makes them; the others of these tests are weak for speed.
    strong = {"password_hash": parts.hasher.hash(PASSWORD)}
    with parts.database.writing("*") as connection:
        users.change(connection, "usr_ada00000000000000000", strong)
    took: dict[str, list[float]] = {"ada": [], "nobody": []}
    for number in range(ROUNDS):
        for name in took:
            body = {"username": name, "password": "wrong"}
            elsewhere = {"REMOTE_ADDR": f"2001:db8:{number}:{len(name)}::1"}
            began = time.perf_counter()
            client.post("/api/auth/token", json=body, environ_overrides=elsewhere)
            took[name].append(time.perf_counter() - began)
            with parts.database.writing("*") as connection:
                attempts.forget(connection, parts.clock() + timedelta(seconds=1))
    known, unknown = (statistics.median(times) for times in took.values())
    assert abs(known - unknown) < NOISE * max(known, unknown), (known, unknown)
    assert unknown > 0.005, "a password was hashed"
