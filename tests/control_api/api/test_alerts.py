"""Alerts over HTTP: as every Alertmanager tells them, and as people find them."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.people import People
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE

# As 0.33 writes it; 0.25 leaves the reason out.
TOLD: dict[str, Any] = {
    "receiver": "feed",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "MachineDown",
                "machine": "web-1",
                "org": "acme",
                "severity": "critical",
            },
            "annotations": {"summary": "A machine does not answer."},
            "startsAt": "2026-11-21T02:59:30.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph",
            "fingerprint": "00f2ab34cd56ef78",
        }
    ],
    "groupLabels": {},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": '{}:{alertname="MachineDown"}',
    "truncatedAlerts": 0,
    "notification_reason": "firing",
}


@pytest.fixture
def bridge(app: Flask, people: People, parts: Parts) -> FlaskClient:
    client = app.test_client()
    made = tokens.create(parts, people.actor("ada"), Wanted("am", ("alerts:write",)))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    return client


def told(**alert: Any) -> dict[str, Any]:
    return TOLD | {"alerts": [TOLD["alerts"][0] | alert]}


def test_what_is_told_is_listed_and_looked_at(bridge: FlaskClient, as_: As) -> None:
    assert bridge.post("/api/alerts/webhook", json=TOLD).status_code == 204
    otto = as_("otto")
    (listed,) = answered(otto.get("/api/alerts?state=firing&machine=web-1"))["data"]
    assert listed["starts_at"] == "2026-11-21T02:59:30.123456Z"
    assert (listed["state"], listed["ends_at"]) == ("firing", None)
    assert listed["annotations"] == {"summary": "A machine does not answer."}
    assert answered(otto.get(f"/api/alerts/{listed['id']}")) == listed
    end = told(status="resolved", endsAt="2026-11-21T04:05:00.5+01:00")
    assert bridge.post("/api/alerts/webhook", json=end).status_code == 204
    (ended,) = answered(otto.get("/api/alerts"))["data"]
    assert (ended["id"], ended["state"]) == (listed["id"], "resolved")
    assert ended["ends_at"] == "2026-11-21T03:05:00.500000Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {**TOLD, "version": "5"},
        {**TOLD, "alerts": None},
        told(fingerprint="../etc"),
        told(status="odd"),
        told(startsAt="yesterday"),
        told(startsAt="2026-11-21T03:00:00"),
        told(labels={"a": 1}),
        told(labels={str(number): "" for number in range(101)}),
    ],
)
def test_what_no_alertmanager_writes_is_refused(bridge: FlaskClient, wrong: Any) -> None:
    assert code(bridge.post("/api/alerts/webhook", json=wrong)) == (422, "invalid")


def test_odd_texts_are_kept_as_far_as_can_be(bridge: FlaskClient, as_: As) -> None:
    odd = "\0\u202e<script>" + "é" * 5000
    labels = {"alertname": odd, "machine": odd, "severity": odd, "org": "acme"}
    sent = told(labels=labels, annotations={odd: odd})
    assert bridge.post("/api/alerts/webhook", json=sent).status_code == 204
    (listed,) = answered(as_("otto").get("/api/alerts"))["data"]
    assert len(listed["name"]) == 2000
    assert "\0" not in json.dumps(listed)


def test_many_at_once_are_taken(bridge: FlaskClient, as_: As) -> None:
    alerts = [TOLD["alerts"][0] | {"fingerprint": f"{number:x}"} for number in range(2000)]
    assert bridge.post("/api/alerts/webhook", json=TOLD | {"alerts": alerts}).status_code == 204
    assert len(answered(as_("otto").get("/api/alerts?limit=500"))["data"]) == 500


def test_who_has_no_such_token_tells_nothing(bridge: FlaskClient, as_: As) -> None:
    assert code(as_("olga").post("/api/alerts/webhook", json=TOLD)) == (403, "forbidden")
    assert code(bridge.get("/api/alerts")) == (403, "scope-missing")


@pytest.mark.parametrize(
    "query",
    [
        *("cursor=78", "cursor=zz", "since=now", "since=2026-11-21T03:00:00"),
        "since=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(as_: As, query: str) -> None:
    assert code(as_("otto").get(f"/api/alerts?{query}")) == (422, "invalid")
