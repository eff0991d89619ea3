"""What every answer has in common: errors, request ids, headers, doors."""

import json
import logging
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hyperion_control.app import OpenDoor, create_app, refuse_open_doors
from hyperion_control.border.bodies import MAX_BODY_BYTES
from hyperion_control.border.context import open_to_all
from hyperion_control.usecases import workers
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE  # none of it depends on the kind of database


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/runbooks/X", "/runbooks/X/"])
def test_a_trailing_slash_makes_no_difference(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == client.get(path.rstrip("/")).status_code
    assert answer.status_code in (200, 404)


def test_an_unknown_address_is_a_problem_in_one_shape(client: FlaskClient) -> None:
    answer = client.get("/nothing/here", headers={"X-Request-Id": "mine-1"})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is nothing at this address",
        "code": "not-found",
        "request_id": "mine-1",
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_an_address_does_not_take_names_those_it_takes(
    client: FlaskClient, method: str
) -> None:
    answer = client.open("/healthz", method=method)
    assert (answer.status_code, answer.json and answer.json["code"]) == (405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_body_over_the_limit_is_refused_unread(client: FlaskClient) -> None:
    large = {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}
    answer = client.get("/healthz", environ_overrides=large)
    assert (answer.status_code, answer.json and answer.json["status"]) == (413, 413)
    largest = {"CONTENT_LENGTH": str(MAX_BODY_BYTES)}
    assert client.get("/healthz", environ_overrides=largest).status_code == 200


def test_a_body_in_chunks_is_refused(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json and answer.json["code"]) == (411, "length-required")


@pytest.mark.parametrize("given", ["abc", "A.b_c-1", "x" * 64])
def test_a_sane_request_id_is_kept(client: FlaskClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "é", "a;b"])
def test_any_other_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    answered = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert answered.startswith("req_")
    assert len(answered) == 36


@pytest.mark.parametrize("path", ["/api", "/healthz", "/nothing", "/metrics"])
def test_every_answer_tells_the_browser_to_be_careful(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


def test_the_first_page_leads_to_pages_that_answer(client: FlaskClient) -> None:
    page = client.get("/api").json
    assert page and page["name"] == "Hyperion control API"
    for name in ("health", "metrics"):
        assert client.get(page[name]).status_code == 200


def test_every_view_says_who_may_use_it(parts: Parts) -> None:
    app = create_app(parts)
    refuse_open_doors(app)
    app.add_url_rule("/forgotten", "forgotten", view_func=lambda: "secret")
    with pytest.raises(OpenDoor, match="forgotten"):
        refuse_open_doors(app)


def changed_by_asking(app: Flask, parts: Parts) -> list[str]:
    """The addresses that answer GET and, asked, leave another database behind."""
    assert parts.database.file
    changing = []
    with sqlite3.connect(parts.database.file) as looking:
        for rule in app.url_map.iter_rules():
            before = list(looking.iterdump())
            if "GET" in (rule.methods or ()):
                app.test_client().get(rule.rule.replace("<name>", "MachineDown"))
            if list(looking.iterdump()) != before:
                changing.append(rule.rule)
    looking.close()
    return changing


def test_asking_never_changes_anything(app: Flask, parts: Parts) -> None:
    assert changed_by_asking(app, parts) == []


def test_an_address_that_changes_something_when_asked_is_named(parts: Parts) -> None:
    app = create_app(parts)

    @app.get("/marks")
    @open_to_all
    def marks() -> str:
        workers.mark(parts, workers.introduce(parts))
        return ""

    assert changed_by_asking(app, parts) == ["/marks"]


def test_an_unforeseen_fault_tells_the_client_nothing_and_the_log_all(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(parts)

    @app.get("/broken")
    @open_to_all
    def broken() -> str:
        raise RuntimeError("the secret is 42")

    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/broken", headers={"X-Request-Id": "mine-2"})
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "42" not in answer.text
    assert json.loads(answer.text)["request_id"] == "mine-2"
    entry = caplog.records[0]
    assert entry.request_id == "mine-2"  # type: ignore[attr-defined]
    assert "the secret is 42" in caplog.text
    assert "Traceback" in caplog.text


def test_no_two_models_of_answers_share_a_name(app: Flask) -> None:
    """One would stand for both in the document."""
    files = (Path(app.root_path) / "api").glob("*.py")
    names = [name for file in files for name in re.findall(r"^class (\w+)", file.read_text(), re.M)]
    assert [name for name, times in Counter(names).items() if times > 1] == []
