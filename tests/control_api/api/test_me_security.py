"""One's own password, second factor and recovery codes, over HTTP."""

from collections.abc import Callable

import pyotp
import pytest
from flask.testing import FlaskClient

from control_api.conftest import Clock
from control_api.people import PASSWORD, People, id_of
from hyperion_control.store import users
from hyperion_control.usecases import tokens
from hyperion_control.usecases.tokens import Wanted

As = Callable[[str], FlaskClient]
NEW = "a goat, a ladder and a drum"
FACTOR = "/api/me/second-factor"


def change(people: People, name: str, **values: object) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of(name), values)


def test_the_password_is_changed_with_the_one_before_and_a_code(
    as_: As, people: People, client: FlaskClient
) -> None:
    body = {"current": PASSWORD, "new": NEW, "code": people.code()}
    assert as_("olga").put("/api/me/password", json=body).status_code == 204
    answer = client.post("/api/auth/token", json={"username": "olga", "password": NEW})
    assert answer.json and answer.json["code"] == "code-needed"


def test_what_is_owed_is_done_and_the_rest_opens(as_: As, people: People, clock: Clock) -> None:
    olga = as_("olga")
    change(people, "olga", totp_seed=None, password_once=True, password_hash=None)
    assert olga.post("/api/me/recovery-codes", json={"code": "000000"}).status_code == 403
    assert olga.put("/api/me/password", json={"new": NEW}).status_code == 204
    shown = olga.post(FACTOR, json={"password": NEW}).json
    assert shown and shown["svg"].startswith("<svg")
    code = pyotp.TOTP(shown["secret"]).at(clock())
    confirmed = olga.put(FACTOR, json={"code": code}).json
    assert confirmed
    recovery, *_ = confirmed["recovery_codes"]
    assert olga.get(FACTOR).json == {"enrolled": True, "recovery_codes_left": 10}
    renewed = olga.post("/api/me/recovery-codes", json={"code": recovery}).json
    assert renewed and len(renewed["recovery_codes"]) == 10


def test_an_observer_may_do_without_a_second_factor(as_: As, people: People) -> None:
    otto = as_("otto")
    proof = {"password": PASSWORD, "code": people.code()}
    assert otto.delete(FACTOR, json=proof).status_code == 204
    assert otto.get(FACTOR).json == {"enrolled": False, "recovery_codes_left": 0}


@pytest.mark.parametrize("new", ["short", "password1234", "olga-olga-olga"])
def test_a_weak_password_is_refused_in_words(as_: As, people: People, new: str) -> None:
    body = {"current": PASSWORD, "new": new, "code": people.code()}
    answer = as_("olga").put("/api/me/password", json=body)
    assert (answer.status_code, answer.json and answer.json["code"]) == (422, "weak-password")


@pytest.mark.parametrize("field", ["role", "totp_secret", "is_admin", "user_id"])
def test_nothing_else_is_changed_along_with_it(as_: As, field: str) -> None:
    ada = as_("ada")
    for answer in (
        ada.put("/api/me/password", json={"current": PASSWORD, "new": NEW, field: "x"}),
        ada.post(FACTOR, json={"password": PASSWORD, field: "x"}),
        ada.put(FACTOR, json={"code": "000000", field: "x"}),
    ):
        assert answer.status_code == 422


def test_who_must_have_a_second_factor_keeps_it(as_: As, people: People) -> None:
    proof = {"password": PASSWORD, "code": people.code()}
    answer = as_("ada").delete(FACTOR, json=proof)
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "forbidden")


def test_a_token_touches_none_of_it(client: FlaskClient, people: People) -> None:
    made = tokens.create(people.parts, people.actor("ada"), Wanted("script", ("admin",)))
    given = {"Authorization": f"Bearer {made.secret}"}
    for answer in (
        client.get(FACTOR, headers=given),
        client.post(FACTOR, json={"password": PASSWORD}, headers=given),
        client.put("/api/me/password", json={"new": NEW}, headers=given),
    ):
        assert (answer.status_code, answer.json and answer.json["code"]) == (
            403,
            "token-not-allowed",
        )
