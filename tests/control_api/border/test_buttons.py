"""Buttons in Grafana: only of a listed one, only with a code of their own, and never unseen."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from control_api.answers import answered, code
from control_api.api.test_machines import added
from control_api.people import People
from hyperion_control.app import equip
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.errands import recorded

pytestmark = ON_SQLITE

GRAFANA = "https://grafana.example.org"
PRESSED = {"Origin": GRAFANA, "X-Grafana-Action": "1"}
MAINTENANCE = "/api/named/acme/web-1/maintenance"
HOUR = {"minutes": 60, "reason": "by a button"}


@pytest.fixture
def app(_assembled: OpenAPI, parts: Parts) -> Flask:
    settings = replace(parts.settings, cors_origins=(GRAFANA,))
    equip(_assembled, replace(parts, settings=settings))
    return _assembled


@pytest.fixture
def olga(as_: Callable[[str], FlaskClient]) -> FlaskClient:
    client = as_("olga")
    added(client, "web-1")
    return client


def test_a_button_acts_with_a_code_of_its_own_though_the_last_is_fresh(
    olga: FlaskClient, people: People, parts: Parts
) -> None:
    asked = olga.post(MAINTENANCE, json=HOUR, headers=PRESSED)
    assert code(asked) == (401, "step-up-needed")
    once = PRESSED | {"X-OTP": people.code()}
    answered(olga.post(MAINTENANCE, json=HOUR, headers=once), 201)
    assert code(olga.post(MAINTENANCE, json=HOUR, headers=once)) == (401, "wrong-code")
    refused = [(each.action, each.decision) for each in recorded(parts, "request:make")]
    assert refused == [("request:make", "refused")] * 2


@pytest.mark.parametrize("origin", ["https://evil.example.org", "http://localhost", "null", None])
def test_a_button_of_another_grafana_does_nothing_not_even_where_it_has_our_address(
    olga: FlaskClient, people: People, parts: Parts, origin: str | None
) -> None:
    sent = {"X-Grafana-Action": "1", "X-OTP": people.code(), "Sec-Fetch-Site": "same-origin"}
    if origin:
        sent["Origin"] = origin
    assert code(olga.post(MAINTENANCE, json=HOUR, headers=sent)) == (403, "button-refused")
    assert recorded(parts, "maintenance:begin") == []


def test_a_button_may_no_more_than_who_presses_it(
    as_: Callable[[str], FlaskClient], olga: FlaskClient, people: People
) -> None:
    sent = PRESSED | {"X-OTP": people.code()}
    asked = as_("otto").post(MAINTENANCE, json=HOUR, headers=sent)
    assert code(asked) == (403, "forbidden")


def test_a_browser_learns_that_a_button_may_send_its_mark(client: FlaskClient) -> None:
    asks = {"Origin": GRAFANA, "Access-Control-Request-Method": "POST"}
    answer = client.options(MAINTENANCE, headers=asks)
    assert "X-Grafana-Action" in answer.headers["Access-Control-Allow-Headers"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
