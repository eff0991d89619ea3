"""Pages of other origins: refused by silence, but for those that the settings list."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from hyperion_control.app import create_app, equip
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE

OURS = "https://panel.example.org"
ASKS = {"Access-Control-Request-Method": "GET"}


@pytest.fixture
def app(_assembled: OpenAPI, parts: Parts) -> Flask:
    settings = replace(parts.settings, cors_origins=(OURS,))
    equip(_assembled, replace(parts, settings=settings))
    return _assembled


def test_a_listed_origin_may_ask_and_read(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


def test_a_browser_that_asks_first_learns_what_it_may_send(client: FlaskClient) -> None:
    answer = client.options("/healthz", headers={"Origin": OURS} | ASKS)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_cookie_is_never_asked_for(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        headers = client.open("/healthz", method=method, headers={"Origin": OURS} | ASKS).headers
        assert "Access-Control-Allow-Credentials" not in headers
        assert "ookie" not in headers.get("Access-Control-Allow-Headers", "")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "http://panel.example.org",
        "https://panel.example.org:444",
        "https://panel.example.org.evil.net",
        "null",
        "*",
        "",
    ],
)
def test_any_other_origin_learns_nothing(client: FlaskClient, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = client.open("/healthz", method=method, headers={"Origin": origin} | ASKS).headers
        assert not [name for name, _ in headers if name.startswith("Access-Control")]
        assert "Origin" in headers["Vary"], "a cache must not hand it to the origin that may"


def test_by_default_nobody_may(parts: Parts) -> None:
    client = create_app(parts).test_client()
    headers = client.get("/healthz", headers={"Origin": OURS}).headers
    assert not [name for name, _ in headers if name.startswith("Access-Control")]
