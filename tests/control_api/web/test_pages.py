"""What all pages have in common: markup, headers, languages, and how they refuse."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.people import People, id_of
from control_api.web.conftest import Visit
from control_api.web.shop import START, UNIT, Shop
from hyperion_control.border.context import open_to_all
from hyperion_control.store import users
from hyperion_control.usecases.parts import Parts
from hyperion_control.web import docs
from lab.markup import faults

OPEN = ["/login", "/login/code", "/docs", "/password/hyp_k_x", "/invitation/hyp_k_x"]
OWN = ["/", "/logins", "/password", "/second-factor", "/second-factor/confirm", "/recovery-codes"]
# Below the address of a machine, with what stands in its place.
OF_MACHINES = {
    "": "",
    "/host-key": "/host-key",
    "/maintenance": "/maintenance",
    "/network": "/network",
    "/processes": "/processes",
    "/processes/<pid>": f"/processes/36?start={START}",
    "/run": "/run",
    "/services": "/services",
    "/services/<unit>": f"/services/{UNIT}",
    "/services/<unit>/<verb>": f"/services/{UNIT}/restart",
}
# Looked at in tests of their own.
ELSEWHERE = {
    "/act",
    "/machines",
    "/commands",
    "/commands/<command_id>",
    "/commands/<command_id>/approval",
}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", OPEN)
def test_pages_for_all_are_whole(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert faults(answer.text) == []


@pytest.mark.parametrize("path", OWN)
def test_pages_of_ones_own_are_whole_and_kept_by_nobody(visit: Visit, path: str) -> None:
    answer = visit("ada").get(path)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_page_is_among_those_looked_at(app: Flask) -> None:
    shown = {
        rule.rule.replace("<secret>", "hyp_k_x")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.") and "GET" in (rule.methods or ())
    }
    known = {*OPEN, *OWN, *ELSEWHERE, "/static/hyperion.css", "/static/icon.svg"}
    assert shown == known | {f"/machines/<machine_id>{page}" for page in OF_MACHINES}


@pytest.mark.parametrize("page", OF_MACHINES)
def test_pages_of_machines_are_whole_and_there_in_french(
    visit: Visit, shop: Shop, page: str
) -> None:
    ada, path = visit("ada"), f"{shop.path}{OF_MACHINES[page]}"
    english = ada.get(path)
    with shop.parts.database.writing("*") as connection:
        users.change(connection, id_of("ada"), {"language": "fr"})
    french = ada.get(path)
    for answer in (english, french):
        assert answer.status_code == 200
        assert faults(answer.text) == []
        assert answer.headers["Cache-Control"] == "no-store"
    assert '<html lang="fr">' in french.text
    assert english.text != french.text.replace('lang="fr"', 'lang="en"')


@pytest.mark.parametrize("path", [*OPEN, *OWN])
def test_pages_are_there_in_french(visit: Visit, people: People, path: str) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("ada"), {"language": "fr"})
    page = visit("ada").get(path).text
    assert '<html lang="fr">' in page
    assert "Aller au contenu" in page
    assert "Se déconnecter" in page


@pytest.mark.parametrize(
    ("wished", "language"),
    [("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("en-GB", "en"), ("de", "en"), ("", "en"), ("*", "en")],
)
def test_the_browser_says_the_language_of_who_is_not_signed_in(
    client: FlaskClient, wished: str, language: str
) -> None:
    page = client.get("/login", headers={"Accept-Language": wished}).text
    assert f'<html lang="{language}">' in page


def test_a_refusal_is_in_the_language_of_the_page(client: FlaskClient) -> None:
    form = {"username": "ada", "password": "wrong"}
    answer = client.post("/login", data=form, headers={"Accept-Language": "fr"})
    assert "Nom d’utilisateur ou mot de passe incorrect." in answer.text


@pytest.mark.parametrize("path", OWN)
def test_who_is_not_signed_in_is_sent_to_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/login")


def test_the_style_is_kept_for_minutes(client: FlaskClient) -> None:
    answer = client.get("/static/hyperion.css")
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "max-age=300"


def test_an_unknown_address_is_a_page_for_a_browser_and_a_problem_for_a_program(
    client: FlaskClient,
) -> None:
    page = client.get("/nothing", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is nothing here" in page.text
    assert faults(page.text) == []
    for path, headers in (("/nothing", {"Accept": "*/*"}), ("/api/nothing", BROWSER)):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_method_that_a_page_does_not_take_is_refused_with_a_page(client: FlaskClient) -> None:
    answer = client.delete("/login", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "POST" in answer.headers["Allow"]
    assert client.delete("/login").mimetype == "application/problem+json"


@pytest.mark.parametrize("unfit", ["ada\0", "x" * 1025])
def test_what_no_person_types_is_refused_unread(client: FlaskClient, unfit: str) -> None:
    answer = client.post("/login", data={"username": unfit, "password": unfit})
    assert answer.status_code == 400
    assert "Something in this form is missing, or cannot be right." in answer.text


def test_a_database_that_is_away_is_told_with_a_page(visit: Visit, parts: Parts) -> None:
    browser = visit("ada")
    parts.database.close()
    assert parts.database.file
    parts.database.file.write_bytes(b"no database" * 1000)
    for path in ("/", "/docs"):
        answer = browser.get(path)
        assert (answer.status_code, answer.mimetype) == (503, "text/html")
        assert "The database does not answer." in answer.text


def test_a_fault_of_ours_tells_the_reader_nothing_and_the_log_all(
    parts: Parts, app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    @open_to_all
    def broken() -> str:
        raise RuntimeError("the secret is 42")

    monkeypatch.setitem(app.view_functions, f"web.{docs.bp.name}.docs", broken)
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/docs", headers={"X-Request-Id": "mine-1"})
    assert answer.status_code == 500
    assert "The fault is on our side." in answer.text
    assert "mine-1" in answer.text
    assert "42" not in answer.text
    assert "the secret is 42" in caplog.text
