"""Passwords on pages: changed by who has one, chosen by who has a link."""

from flask import Flask
from flask.testing import FlaskClient

from control_api.conftest import Clock
from control_api.people import PASSWORD, People, id_of
from control_api.web.conftest import Visit
from hyperion_control.store import users
from hyperion_control.usecases import users as users_usecase
from lab.markup import read

NEW = "umbrella lantern gravel tuba"


def twice(new: str, again: str = "", **more: str) -> dict[str, str]:
    return {"new_password": new, "again": again or new, **more}


def test_it_is_changed_with_the_one_before_and_a_code(
    visit: Visit, people: People, clock: Clock, app: Flask
) -> None:
    browser = visit("ada")
    clock.forward(30)
    form = twice(NEW, password=PASSWORD, code=people.code())
    answer = browser.post("/password", data=form)
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.get("/").status_code == 200
    other = app.test_client().post("/login", data={"username": "ada", "password": NEW})
    assert other.location == "/login/code"


def test_a_one_time_password_is_replaced_without_being_asked_for_again(
    client: FlaskClient, people: People
) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"password_once": True, "totp_seed": None})
    answer = client.post("/login", data={"username": "olga", "password": PASSWORD})
    assert answer.location == "/password"
    page = client.get("/password").text
    assert "Somebody else has seen the password you have now." in page
    assert "password" not in read(page).fields()
    assert client.post("/password", data=twice(NEW)).location == "/second-factor"


def test_a_link_lets_one_choose_once(client: FlaskClient, people: People) -> None:
    handed = users_usecase.reset(people.parts, people.actor("ada"), id_of("olga"))
    address = f"/password/{handed.secret}"
    assert client.get(address).status_code == 200
    assert client.post(address, data=twice(NEW)).location == "/login"
    answer = client.post("/login", data={"username": "olga", "password": NEW})
    assert answer.location == "/login/code", "a reset never skips the second factor"
    again = client.post(address, data=twice(NEW))
    assert "This link is not good any more." in again.text


def test_password_managers_know_which_field_is_which(visit: Visit) -> None:
    fields = read(visit("ada").get("/password").text).fields()
    assert {name: told["autocomplete"] for name, told in fields.items()} == {
        "username": "username",
        "password": "current-password",
        "code": "one-time-code",
        "new_password": "new-password",
        "again": "new-password",
    }
    assert (fields["new_password"]["minlength"], fields["again"]["maxlength"]) == ("12", "256")


def test_two_different_ones_are_refused(visit: Visit) -> None:
    answer = visit("ada").post("/password", data=twice(NEW, "umbrella", password=PASSWORD))
    assert answer.status_code == 422
    assert "The two passwords differ." in answer.text


def test_a_weak_one_is_refused_and_the_form_is_there_again(
    visit: Visit, people: People, clock: Clock
) -> None:
    browser = visit("ada")
    clock.forward(30)
    form = twice("aaaaaaaaaaaa", password=PASSWORD, code=people.code())
    answer = browser.post("/password", data=form)
    assert answer.status_code == 422
    assert "Take four words of your own." in answer.text
    assert "new_password" in read(answer.text).fields()
    assert "aaaaaaaaaaaa" not in answer.text


def test_a_wrong_one_before_changes_nothing(visit: Visit) -> None:
    answer = visit("ada").post("/password", data=twice(NEW, password="wrong", code="000000"))
    assert answer.status_code == 401
    assert "Wrong user name or password." in answer.text


def test_a_form_of_another_site_changes_nothing(visit: Visit) -> None:
    answer = visit("ada").post(
        "/password",
        data=twice(NEW, password=PASSWORD),
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert "This came from a page of another site." in answer.text


def test_a_made_up_link_is_refused(client: FlaskClient) -> None:
    answer = client.post("/password/hyp_k_nothing", data=twice(NEW))
    assert answer.status_code in (401, 404)
    assert "This link is not good any more." in answer.text
