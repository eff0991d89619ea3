"""A page of another site, opened by an admin who is signed in here: nothing is done in her name."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.every_request import Asker
from control_api.people import PASSWORD, People
from control_api.test_matrix import MATRIX, TRACES, everything
from control_api.world import World
from hyperion_control.usecases.parts import Parts

FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:81"},
    {"Origin": "https://localhost.evil.example", "Referer": "http://localhost/"},
]
DOING = [route for route in MATRIX if not route.startswith("GET ")]
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


@pytest.fixture
def browser(app: Flask, people: People) -> FlaskClient:
    """Ada's, with her cookie."""
    client = app.test_client()
    client.post("/login", data={"username": "ada", "password": PASSWORD})
    client.post("/login/code", data={"code": people.code()})
    assert client.get("/api/me").status_code == 200
    return client


@pytest.fixture
def asker(app: Flask, people: People, parts: Parts) -> Asker:
    return Asker(app, people, World(parts))


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_route_takes_it(
    browser: FlaskClient, asker: Asker, parts: Parts, headers: dict[str, str]
) -> None:
    requests = [asker.prepare(route, "nobody") for route in DOING]
    before = everything(parts, TRACES)
    taken = {}
    for request in requests:
        answer = browser.open(request.path, method=request.method, headers=headers, **request.body)
        if answer.status_code != 403:
            taken[request.route] = answer.status_code
    assert taken == {}
    assert everything(parts, TRACES) == before


@pytest.mark.parametrize("kind", FORMS)
def test_the_api_takes_no_form_even_from_ourselves(
    browser: FlaskClient, asker: Asker, kind: str
) -> None:
    """What a browser sends unasked to any site, wherever the page is that makes it."""
    ours = {"Sec-Fetch-Site": "same-origin"}
    for route in DOING:
        if "/api/" in route:
            request = asker.prepare(route, "nobody")
            sent: dict[str, Any] = {"method": request.method, "headers": ours}
            answer = browser.open(request.path, data="{}", content_type=kind, **sent)
            assert answer.status_code == 403, route


def test_a_page_of_ours_is_taken(browser: FlaskClient) -> None:
    answer = browser.put("/api/me/consent", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200


def test_nobody_is_signed_in_as_somebody_else_unasked(client: FlaskClient, people: People) -> None:
    """Else what the victim does next is kept in the attacker's account."""
    mine = {"username": "eve", "password": PASSWORD}
    for headers in FOREIGN[1:]:
        for path in ("/login", "/api/auth/login/"):
            assert client.post(path, data=mine, headers=headers).status_code == 403
        assert client.get_cookie("__Host-hyperion") is None


def test_a_page_of_another_site_reads_nothing(browser: FlaskClient) -> None:
    answer = browser.get("/api/me", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert browser.options("/api/users").headers.get("Access-Control-Allow-Origin") is None
