"""The page of one's logins: each of them, and its end."""

from flask import Flask
from flask.testing import FlaskClient

from control_api.conftest import Clock
from control_api.people import People, id_of
from control_api.web.conftest import Visit
from hyperion_control.store import users


def ids(page: str) -> list[str]:
    return [part.split("/end")[0] for part in page.split('action="/logins/')[1:]][
        : page.count("<dl>")
    ]


def test_each_is_shown_with_where_and_when(visit: Visit, people: People) -> None:
    people.login("ada")
    page = visit("ada").get("/logins").text
    assert page.count("<li>") == 2
    assert page.count("this one") == 1
    assert "<dd>192.0.2.7</dd>" in page
    assert "03:00:00" in page
    assert "UTC" in page


def test_times_are_the_readers_own(visit: Visit, people: People) -> None:
    zone = {"time_zone": "Europe/Paris"}
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("ada"), zone)
    page = visit("ada").get("/logins").text
    assert "4:00:00" in page
    assert "CET" in page
    assert "Times are in the time zone Europe/Paris." in page


def test_one_of_them_is_ended(visit: Visit, people: People, app: Flask) -> None:
    other = app.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {people.login('ada')}"
    browser = visit("ada")
    assert other.get("/").status_code == 200
    [elsewhere] = [one for one in ids(browser.get("/logins").text) if one not in own(browser)]
    answer = browser.post(f"/logins/{elsewhere}/end")
    assert (answer.status_code, answer.location) == (303, "/logins")
    assert other.get("/").location == "/login"
    assert browser.get("/").status_code == 200


def own(browser: FlaskClient) -> list[str]:
    """The login that the page marks as the one that looks."""
    [_, after] = browser.get("/logins").text.split("this one")
    return ids("<dl>" + after)[:1]


def test_all_others_are_ended_at_once(visit: Visit, people: People, clock: Clock) -> None:
    first = visit("ada")
    clock.forward(30)
    second = visit("ada")
    people.login("ada")
    assert second.post("/logins/end-others").location == "/logins"
    assert second.get("/logins").text.count("<dl>") == 1
    assert first.get("/").location == "/login"


def test_who_is_signed_in_once_has_no_others_to_end(visit: Visit) -> None:
    assert "End all others" not in visit("ada").get("/logins").text


def test_a_neighbours_login_is_nothing_one_can_end(visit: Visit, people: People) -> None:
    theirs = ids(visit("eve").get("/logins").text)[0]
    answer = visit("ada").post(f"/logins/{theirs}/end")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
