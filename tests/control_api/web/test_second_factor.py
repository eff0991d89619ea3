"""Enrolling a phone on pages: the QR and the recovery codes are shown once."""

import pyotp
import pytest
from flask.testing import FlaskClient

from control_api.conftest import Clock
from control_api.people import PASSWORD, People, id_of
from control_api.web.conftest import Visit
from hyperion_control.store import users
from lab.markup import faults, read


@pytest.fixture
def olga(client: FlaskClient, people: People) -> FlaskClient:
    """Signed in, and without a second factor yet."""
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"totp_seed": None})
    client.post("/login", data={"username": "olga", "password": PASSWORD})
    return client


def key_of(page: str) -> str:
    return page.split('<code id="secret">')[1].split("<")[0].replace(" ", "")


def code(page: str, clock: Clock) -> str:
    return pyotp.TOTP(key_of(page)).at(clock())


def test_a_phone_is_enrolled_by_its_first_code(olga: FlaskClient, clock: Clock) -> None:
    assert read(olga.get("/second-factor").text).fields().keys() == {"username", "password"}
    page = olga.post("/second-factor", data={"password": PASSWORD}).text
    assert "<svg" in page
    assert "otpauth://totp/" in page
    assert faults(page) == []
    answer = olga.post("/second-factor/confirm", data={"code": code(page, clock)})
    assert answer.text.count("<li><code>") == 10
    assert "They are shown only now." in answer.text
    home = olga.get("/").text
    assert "Second factor: on" in home
    assert "10 recovery codes left" in home


def test_a_recovery_code_stands_in_for_the_phone(
    olga: FlaskClient, clock: Clock, people: People
) -> None:
    page = olga.post("/second-factor", data={"password": PASSWORD}).text
    answer = olga.post("/second-factor/confirm", data={"code": code(page, clock)})
    recovery = answer.text.split("<li><code>")[1].split("<")[0]
    olga.post("/logout")
    olga.post("/login", data={"username": "olga", "password": PASSWORD})
    assert olga.post("/login/code", data={"code": recovery}).location == "/"
    assert "9 recovery codes left" in olga.get("/").text


def test_another_phone_takes_the_password_and_a_code_of_the_one_before(
    visit: Visit, people: People, clock: Clock
) -> None:
    browser = visit("ada")
    assert "code" in read(browser.get("/second-factor").text).fields()
    assert browser.post("/second-factor", data={"password": PASSWORD}).status_code == 401
    clock.forward(30)
    form = {"password": PASSWORD, "code": people.code()}
    assert "<svg" in browser.post("/second-factor", data=form).text


def test_a_wrong_code_does_not_show_the_key_again(olga: FlaskClient, clock: Clock) -> None:
    page = olga.post("/second-factor", data={"password": PASSWORD}).text
    answer = olga.post("/second-factor/confirm", data={"code": "000000"})
    assert answer.status_code == 401
    assert "This code is wrong" in answer.text
    assert key_of(page) not in answer.text
    assert "<svg" not in answer.text
    again = olga.post("/second-factor/confirm", data={"code": code(page, clock)})
    assert again.text.count("<li><code>") == 10


def test_a_wrong_password_shows_no_key(olga: FlaskClient) -> None:
    answer = olga.post("/second-factor", data={"password": "wrong"})
    assert answer.status_code == 401
    assert "<svg" not in answer.text


def test_recovery_codes_are_renewed_with_a_code(visit: Visit, people: People, clock: Clock) -> None:
    browser = visit("ada")
    assert "You have 0 recovery codes left." in browser.get("/recovery-codes").text
    clock.forward(30)
    answer = browser.post("/recovery-codes", data={"code": people.code()})
    assert answer.text.count("<li><code>") == 10
    assert "You have 10 recovery codes left." in browser.get("/recovery-codes").text


def test_recovery_codes_are_not_renewed_without_one(visit: Visit) -> None:
    answer = visit("ada").post("/recovery-codes", data={"code": "000000"})
    assert answer.status_code == 401
    assert "<li><code>" not in answer.text
