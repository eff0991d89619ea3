"""Joining by a link: with a new account, or with the one that one is signed in with."""

import pytest
from flask.testing import FlaskClient

from control_api.people import People
from control_api.web.conftest import Visit
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import invitations

PASSWORD = "umbrella lantern gravel tuba"
NORA = {"username": "Nora", "name": "Nora N.", "new_password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def address(people: People) -> str:
    """To join acme as an observer."""
    handed = invitations.create(people.parts, people.actor("ada"), Role.OBSERVER, None)
    return f"/invitation/{handed.secret}"


def test_a_new_account_joins_and_can_sign_in(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 200
    answer = client.post(address, data=NORA)
    assert (answer.status_code, answer.location) == (303, "/login")
    client.post("/login", data={"username": "nora", "password": PASSWORD})
    page = client.get("/").text
    assert "Hello, Nora N." in page
    assert "<dd>acme</dd>" in page


def test_a_new_account_begins_in_the_language_of_the_browser(
    client: FlaskClient, address: str
) -> None:
    client.post(address, data=NORA, headers={"Accept-Language": "fr-FR,fr;q=0.9"})
    client.post("/login", data={"username": "nora", "password": PASSWORD})
    assert "Bonjour, Nora N." in client.get("/", headers={"Accept-Language": "en"}).text


def test_who_is_signed_in_joins_with_the_account_they_have(visit: Visit, address: str) -> None:
    browser = visit("eve")
    assert "You are signed in as eve." in browser.get(address).text
    assert browser.post(f"{address}/join").location == "/"
    assert ">acme</option>" in browser.get("/").text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("username", "no spaces", "A user name has letters a to z"),
        ("username", "ada", "This user name is taken."),
        ("name", "two\nlines", "A name has 1 to 100 characters"),
        ("new_password", "umbrella lantern", "The two passwords differ."),
    ],
)
def test_what_does_not_fit_is_said_and_the_rest_is_kept(
    client: FlaskClient, address: str, field: str, value: str, said: str
) -> None:
    answer = client.post(address, data={**NORA, field: value})
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert "Nora" in answer.text
    assert PASSWORD not in answer.text
    assert client.post(address, data=NORA).location == "/login", "the link is still good"


def test_a_link_is_good_once(client: FlaskClient, address: str) -> None:
    client.post(address, data=NORA)
    again = client.post(address, data={**NORA, "username": "second"})
    assert again.status_code == 404


def test_looking_at_a_link_tells_nothing_of_whether_it_is_good(
    client: FlaskClient, address: str
) -> None:
    assert client.get(address).status_code == 200
    assert client.get("/invitation/hyp_k_nothing").status_code == 200


def test_a_form_of_another_site_joins_nobody(client: FlaskClient, address: str) -> None:
    answer = client.post(address, data=NORA, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
