"""Signing in with the pages: password, code, duties, and the way out."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.people import PASSWORD, People, id_of
from control_api.web.conftest import Visit, browser_of
from hyperion_control.store import users
from lab.markup import faults, read

ADA = {"username": "ada", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _living(people: People) -> None:
    """Ada and the others are there."""


def change(people: People, name: str, **values: object) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of(name), values)


def test_a_password_and_a_code_lead_home(client: FlaskClient, people: People) -> None:
    answer = client.post("/login", data=ADA)
    assert (answer.status_code, answer.location) == (303, "/login/code")
    answer = client.post("/login/code", data={"code": people.code()})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Hello, Ada" in client.get("/").text


def test_without_a_second_factor_the_password_is_enough_for_who_only_looks(
    client: FlaskClient, people: People
) -> None:
    change(people, "otto", totp_seed=None)
    answer = client.post("/login", data={"username": "otto", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Second factor: off" in client.get("/").text


def test_what_is_owed_comes_first(client: FlaskClient, people: People) -> None:
    change(people, "olga", totp_seed=None)
    answer = client.post("/login", data={"username": "olga", "password": PASSWORD})
    assert answer.location == "/second-factor"
    assert "Set up a second factor first." in client.get("/").text
    assert client.get("/recovery-codes").location == "/second-factor"


def test_the_cookie_is_for_this_host_over_tls_and_no_script(client: FlaskClient) -> None:
    cookie = client.post("/login", data=ADA).headers["Set-Cookie"]
    assert cookie.startswith("__Host-hyperion=")
    rights = {part.strip() for part in cookie.split(";")[1:]}
    assert rights == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_signing_out_ends_the_login_and_not_only_the_cookie(visit: Visit, app: Flask) -> None:
    browser = visit("ada")
    stolen = browser.get_cookie("__Host-hyperion")
    assert stolen
    assert browser.post("/logout").location == "/login"
    thief = browser_of(app)
    thief.set_cookie("__Host-hyperion", stolen.value)
    for client in (browser, thief):
        assert client.get("/").location == "/login"


def test_the_forms_work_with_password_managers_and_a_keyboard(client: FlaskClient) -> None:
    fields = read(client.get("/login").text).fields()
    assert fields["username"]["autocomplete"] == "username"
    assert "autofocus" in fields["username"]
    assert fields["password"]["autocomplete"] == "current-password"
    assert fields["password"]["type"] == "password"
    codes = read(client.get("/login/code").text)
    code = next(told for tag, told in codes.elements if told.get("id") == "code")
    assert (code["autocomplete"], code["inputmode"]) == ("one-time-code", "numeric")


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_wrong_password_says_nothing_of_whether_the_name_is_right(
    client: FlaskClient, name: str
) -> None:
    answer = client.post("/login", data={"username": name, "password": "wrong"})
    assert answer.status_code == 401
    assert "Wrong user name or password." in answer.text
    assert f'value="{name}"' in answer.text
    assert 'value="wrong"' not in answer.text
    assert "autofocus" in read(answer.text).fields()["password"]
    assert faults(answer.text) == []


def test_a_wrong_code_can_be_tried_again(client: FlaskClient, people: People) -> None:
    client.post("/login", data=ADA)
    answer = client.post("/login/code", data={"code": "000000"})
    assert answer.status_code == 401
    assert "This code is wrong" in answer.text
    assert client.post("/login/code", data={"code": people.code()}).location == "/"


def test_a_code_without_a_password_before_it_is_no_way_in(
    client: FlaskClient, people: People
) -> None:
    answer = client.post("/login/code", data={"code": people.code()})
    assert answer.status_code == 401
    assert "The time for the code is over." in answer.text
    assert client.get("/").location == "/login"


def test_too_many_tries_say_when_the_next_one_makes_sense(client: FlaskClient) -> None:
    for _ in range(6):
        answer = client.post("/login", data={"username": "ada", "password": "wrong"})
    assert answer.status_code == 429
    wait = answer.headers["Retry-After"]
    assert f"Too many tries. Try again in {wait} seconds." in answer.text


def test_a_form_of_another_site_signs_nobody_in(client: FlaskClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/login", data=ADA, headers=foreign)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_form_without_its_fields_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/login", data={"username": "ada"})
    assert answer.status_code == 400
    assert "<h1>Sign in</h1>" in answer.text
