"""Texts that are made to become a path, a line of a log, a cell of a sheet or a part of a page."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered
from control_api.people import id_of
from hyperion_control.app import create_app
from hyperion_control.border.context import open_to_all
from hyperion_control.logs import JsonLine
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

OUTSIDE = [
    "../secret",
    "..%2fsecret",
    "..%252fsecret",
    "%2e%2e%2fsecret",
    "..\\secret",
    "....//secret",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "secret%00",
    "secret%00.md",
    "\u2025/secret",
    "\uff0e\uff0e\uff0fsecret",
    "~root",
    "C:\\secret",
    "file:///etc/passwd",
]
# Each begins a line, turns a terminal or the direction of a text, or ends one.
BREAKING = [
    'x\n{"level": "INFO"}',
    "x\r\nSet-Cookie: a=b",
    "x\x1b[2J",
    "x\u202etxt.exe",
    "x\u2028y",
    "x\x00y",
    "x\x7f",
    "x\u0085y",
    "\ud800",
]


@ON_SQLITE
@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("room", ["runbooks", "static", "api/users", "password", "invitation"])
def test_no_address_leads_out_of_its_folder(
    client: FlaskClient, settings: Settings, room: str, name: str
) -> None:
    outside = settings.runbooks.parent / "secret.md"
    outside.write_text("never to be seen")
    answer = client.get(f"/{room}/{name}")
    assert "never to be seen" not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code < 500


@pytest.mark.parametrize("text", BREAKING)
def test_a_name_that_breaks_lines_is_nobodys(as_: As, text: str) -> None:
    ada, any_version = as_("ada"), {"If-Match": "*"}
    new = {"username": "new", "name": "New", "role": "observer"}
    for path, body in (
        ("/api/users", {**new, "name": text}),
        ("/api/users", {**new, "username": text}),
        ("/api/users", {**new, "email": f"{text}@example.org"}),
        ("/api/tokens", {"name": text, "scopes": ["sd:read"]}),
        ("/api/invitations", {"role": "observer", "email": f"{text}@example.org"}),
    ):
        assert ada.post(path, json=body).status_code == 422, path
    assert ada.patch("/api/me", json={"name": text}, headers=any_version).status_code == 422


@pytest.mark.parametrize("text", BREAKING[:3] + ["=1+1", "@SUM(A1)", "-2+3", "<script>", '"', ","])
def test_what_a_client_says_of_itself_stays_in_its_place_in_every_export(
    as_: As, text: str
) -> None:
    otto, ada = as_("otto"), as_("ada")
    otto.environ_base["HTTP_USER_AGENT"] = text
    assert otto.get("/api/users").status_code == 403
    wanted = {"actor": id_of("otto"), "decision": "refused"}
    exported = {
        form: ada.get("/api/audit/export", query_string={**wanted, "format": form}).text
        for form in ("ndjson", "csv", "syslog")
    }
    [line] = exported["ndjson"].splitlines()
    assert json.loads(line)["user_agent"] == text
    head, row = csv.reader(io.StringIO(exported["csv"], newline=""))
    assert len(row) == len(head)
    cell = row[head.index("user_agent")]
    assert cell.lstrip("'") == text
    assert not cell.startswith(("=", "@", "-"))
    assert len(exported["syslog"].split("\n")) == 2  # the line and its end
    assert "\x1b" not in exported["syslog"]


@ON_SQLITE
@pytest.mark.parametrize("text", BREAKING[:8])
def test_whatever_is_sent_is_one_line_of_the_log(
    parts: Parts, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    app = create_app(parts)

    def break_at(given: str) -> str:
        raise RuntimeError(given)

    app.add_url_rule("/break/<given>", "break", open_to_all(break_at))
    answer = app.test_client().get(f"/break/{quote(text)}", headers={"X-Request-Id": quote(text)})
    assert answer.status_code == 500
    [entry] = caplog.records
    written = JsonLine().format(entry)
    assert text in json.loads(written)["message"]
    assert written.isprintable()


def test_a_name_is_no_part_of_a_page(as_: As) -> None:
    ada = as_("ada")
    name = "<script>alert(1)</script>\"onload='x'{{7*7}}"
    answered(ada.patch("/api/me", json={"name": name}, headers={"If-Match": "*"}))
    for path in ("/", "/logins", "/password", "/second-factor"):
        page = ada.get(path).text
        assert "<script" not in page
        assert '"onload' not in page


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script>",
        b"GIF89a" + b"\0" * 100,
        b"%PDF-1.7",
        b"PK\x03\x04" + b"../../evil" * 10,
        b"\xff\xd8\xff\xe0<script>alert(1)</script>",
        b"#!/bin/sh\n",
    ],
)
def test_what_is_no_photo_is_never_kept(as_: As, sent: bytes) -> None:
    otto = as_("otto")
    for kind in ("image/jpeg", "image/png"):
        assert otto.put("/api/me/photo", data=sent, content_type=kind).status_code == 422
    assert otto.put("/api/me/photo", data=sent, content_type="image/svg+xml").status_code in (
        415,
        422,
    )
    assert as_("ada").get(f"/api/users/{id_of('otto')}/photo").status_code == 404


def test_nothing_that_was_sent_became_a_file(as_: As, settings: Settings, tmp_path: Path) -> None:
    ada = as_("ada")
    before = sorted(file.name for file in tmp_path.rglob("*") if file.is_file())
    for name in OUTSIDE:
        ada.get("/api/audit", query_string={"session": name[:40], "text": name})
        ada.post("/api/tokens", json={"name": name, "scopes": ["sd:read"]})
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == before
