"""Failing on purpose in somebody's name: who is signed in goes on, and can sign in again."""

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, code
from control_api.conftest import Clock
from control_api.people import PASSWORD, People


def attack(client: FlaskClient, name: str, times: int) -> list[int]:
    """From as many addresses."""
    body = {"username": name, "password": "wrong"}
    found = []
    for number in range(times):
        elsewhere = {"REMOTE_ADDR": f"198.51.{number >> 8}.{number & 255}"}
        answer = client.post("/api/auth/token", json=body, environ_overrides=elsewhere)
        found.append(answer.status_code)
    return found


def test_a_victim_who_is_signed_in_works_on(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    assert 429 in attack(client, "ada", 8)
    assert ada.get("/api/users").status_code == 200
    assert ada.put("/api/me/consent").status_code == 200


def test_a_victim_who_is_signed_in_can_prove_who_she_is(
    as_: As, client: FlaskClient, people: People
) -> None:
    ada = as_("ada")
    attack(client, "ada", 8)
    proof = {"username": "ada", "password": PASSWORD, "code": people.code()}
    assert client.post("/api/auth/token", json=proof).status_code == 429, "as for any stranger"
    assert ada.post("/api/auth/token", json=proof).status_code == 201


def test_wrong_passwords_use_no_tries_for_codes_up(
    as_: As, client: FlaskClient, people: People
) -> None:
    ada = as_("ada")
    attack(client, "ada", 8)
    stepped_up = ada.post("/api/auth/step-up", json={"code": people.code()})
    assert stepped_up.status_code == 200


def test_a_victim_who_is_not_signed_in_waits_a_second_and_not_a_day(
    client: FlaskClient, people: People, clock: Clock
) -> None:
    attack(client, "ada", 6)
    clock.forward(2)
    proof = {"username": "ada", "password": PASSWORD, "code": people.code()}
    assert client.post("/api/auth/token", json=proof).status_code == 201


def test_nobody_else_is_shut_out(client: FlaskClient, people: People) -> None:
    attack(client, "ada", 30)
    proof = {"username": "olga", "password": PASSWORD, "code": people.code()}
    assert client.post("/api/auth/token", json=proof).status_code == 201


def test_many_names_from_one_address_are_stopped_there(client: FlaskClient, people: People) -> None:
    codes = []
    for number in range(25):
        body = {"username": f"name{number}", "password": "wrong"}
        codes.append(code(client.post("/api/auth/token", json=body)))
    assert codes == [(401, "wrong-credentials")] * 20 + [(429, "too-many-failures")] * 5


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
def test_a_made_up_address_is_no_new_address(
    client: FlaskClient, people: People, header: str
) -> None:
    statuses = []
    for number in range(22):
        body = {"username": f"name{number}", "password": "wrong"}
        made_up = {header: f"203.0.113.{number}"}
        statuses.append(client.post("/api/auth/token", json=body, headers=made_up).status_code)
    assert statuses[20:] == [429, 429]
