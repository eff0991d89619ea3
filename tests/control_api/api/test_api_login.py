"""Signing in as older clients do: the shapes are a contract."""

import pytest
from flask.testing import FlaskClient

from control_api.people import PASSWORD, People, id_of
from hyperion_control.store import users

PATH = "/api/auth/api-login/"


@pytest.fixture(autouse=True)
def _living(people: People) -> None:
    """Ada and the others are there; Otto has no second factor."""
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("otto"), {"totp_seed": None})


def test_without_a_second_factor_the_token_signs_in(client: FlaskClient, people: People) -> None:
    answer = client.post(PATH, json={"username": "otto", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json
    token = answer.json["token"]
    with people.parts.database.reading("*") as connection:
        otto = users.get(connection, id_of("otto"))
    assert otto
    assert answer.json == {
        "status": "success",
        "token": token,
        "user_id": otto.number,
        "username": "otto",
    }
    me = client.get("/api/logins", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 200


def test_with_one_the_token_and_a_code_do(client: FlaskClient, people: People) -> None:
    made = client.post(PATH, json={"username": "ada", "password": PASSWORD}).json
    assert made and made["status"] == "success"
    early = client.get("/api/logins", headers={"Authorization": f"Bearer {made['token']}"})
    assert (early.status_code, early.json and early.json["code"]) == (401, "code-needed")
    body = {"token": made["token"], "code": people.code()}
    access = client.post("/api/auth/2fa/verify/", json=body).json
    assert access
    header = {"Authorization": f"Bearer {access['data']['access_token']}"}
    assert client.get("/api/logins", headers=header).status_code == 200


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_refusal_has_its_own_shape(client: FlaskClient, name: str) -> None:
    answer = client.post(PATH, json={"username": name, "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json == {"status": "error", "message": "wrong user name or password"}


def test_so_has_a_limit(client: FlaskClient) -> None:
    for _ in range(6):
        answer = client.post(PATH, json={"username": "ada", "password": "wrong"})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    said = "too many failed tries: wait, then try again"
    assert answer.json == {"status": "error", "message": said}


def test_a_field_that_is_not_in_the_contract_is_refused(client: FlaskClient) -> None:
    body = {"username": "otto", "password": PASSWORD, "code": "000000"}
    assert client.post(PATH, json=body).status_code == 422
