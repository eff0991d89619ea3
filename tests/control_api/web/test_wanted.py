"""The page that somebody wanted: kept over the login and what is owed, and only a page of ours."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.people import PASSWORD, People, id_of
from control_api.web.conftest import Visit
from hyperion_control.store import users
from hyperion_control.web import wanted

OURS = [
    "/",
    "/machines",
    "/machines/mch_1/services/nginx.service?task=tsk_1",
    "/act?machine=web%201&org=acme&action=services&unit=a.service",
    "/machines?selector=env%3Dprod&search=//evil.example",
]
NOT_OURS = [
    "",
    "machines",
    "//evil.example",
    "//evil.example/machines",
    "/\\evil.example",
    "/%5Cevil.example",
    "/%2Fevil.example",
    "\\\\evil.example",
    "https://evil.example/machines",
    "https:/machines",
    "javascript:alert(1)",
    " /machines",
    "/machines\n",
    "/machines\r\nSet-Cookie: a=b",
    "/\tmachines",
    "/machines#x",
    "/machines/a\\b",
    "/mächines",
    "/nothing",
    "/logout",
    "/api/machines",
    "/openapi.json",
    "/machines/mch_1/services/a.service/../../../..//evil.example",
    "/machines?search=" + "x" * 500,
]


@pytest.mark.parametrize("address", [*OURS, *NOT_OURS])
def test_only_our_own_pages_are_gone_on_to(app: Flask, address: str) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        assert wanted.ours(address) == (address if address in OURS else "")


@pytest.mark.parametrize("address", NOT_OURS)
def test_a_change_of_organisation_leads_nowhere_else(
    app: Flask, visit: Visit, address: str
) -> None:
    form = {"organisation": "org_acme0000000000000000", "then": address}
    assert visit("olga").post("/organisation", data=form).location == "/"


def test_it_is_kept_over_a_wrong_password_and_the_code_and_used_once(
    client: FlaskClient, people: People
) -> None:
    client.get("/machines?search=web")
    for password in ("wrong", PASSWORD):
        answer = client.post("/login", data={"username": "otto", "password": password})
    assert answer.location == "/login/code"
    code = {"code": people.code()}
    assert client.post("/login/code", data=code).location == "/machines?search=web"
    people.parts.clock.forward(60)  # type: ignore[attr-defined]
    client.post("/logout")
    client.post("/login", data={"username": "otto", "password": PASSWORD})
    assert client.post("/login/code", data={"code": people.code()}).location == "/"


def test_it_is_kept_over_all_that_is_owed(client: FlaskClient, people: People) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("otto"), {"password_once": True})
    client.get("/commands")
    client.post("/login", data={"username": "otto", "password": PASSWORD})
    owed = client.post("/login/code", data={"code": people.code()})
    assert owed.location == "/password"
    new = "eleven purple lanterns"
    answer = client.post("/password", data={"new_password": new, "again": new})
    assert answer.location == "/commands"


def test_what_was_sent_without_a_login_is_not_sent_again(
    client: FlaskClient, people: People
) -> None:
    client.post("/logins/end-others")
    client.post("/login", data={"username": "otto", "password": PASSWORD})
    assert client.post("/login/code", data={"code": people.code()}).location == "/"
