"""Services over the API: what is refused before any machine hears of it.

What a machine does is tested on real ones, in tests/fleet.
"""

import string
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from hyperion_control.store.commands import commands
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.errands import add_machine, recorded, working

pytestmark = ON_SQLITE

VERBS = ("start", "stop", "restart", "reload", "enable", "disable", "mask", "unmask")


@pytest.fixture
def olga(as_: As) -> FlaskClient:
    return as_("olga")


@pytest.fixture
def path(olga: FlaskClient) -> str:
    return f"/api/machines/{added(olga, 'web-1')['id']}/services"


def asked_of_machines(parts: Parts) -> Any:
    with parts.database.reading("*") as connection:
        return connection.execute(select(func.count()).select_from(commands)).scalar_one()


def test_no_shell_ever_hears_of_a_hostile_name(
    olga: FlaskClient, path: str, parts: Parts, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    marks = [mark for mark in string.punctuation + "\n\t" if mark not in "/:-_.\\@"]
    names = [f"a{mark}touch {canary.name}{mark}.service" for mark in marks]
    for name in (*names, f"$(touch {canary.name}).service", "-H.service", "a.service ", "x@.timer"):
        address = f"{path}/{quote(name, safe='')}"
        answers = [olga.get(f"{address}{end}") for end in ("", "/impact", "/logs")]
        answers += [olga.post(f"{address}/{verb}", json={}) for verb in VERBS]
        assert {code(answer) for answer in answers} == {(422, "invalid")}, name
    assert asked_of_machines(parts) == 0
    assert not canary.exists()


@pytest.mark.parametrize(
    ("end", "pointer"),
    [
        ("?type=slice", "/type"),
        ("?state=up", "/state"),
        ("/nginx.service/impact?verb=kill", "/verb"),
        ("/nginx.service/logs?lines=0", "/lines"),
        ("/nginx.service/logs?lines=1001", "/lines"),
        ("/nginx.service/logs?since=yesterday", "/since"),
        ("/nginx.service/logs?since=%40%24(id)", "/since"),
        ("/nginx.service/logs?since=2026-11-21T03:00:00", "/since"),
        ("/nginx.service/logs?since=0001-01-01T00:00:00%2B14:00", "/since"),
        ("/nginx.service/logs?priority=%3Bid", "/priority"),
        ("/nginx.service/logs?boot=-1", "/boot"),
    ],
)
def test_what_is_asked_wrongly_is_named(
    olga: FlaskClient, path: str, parts: Parts, end: str, pointer: str
) -> None:
    answer = olga.get(f"{path}{end}")
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert asked_of_machines(parts) == 0


def test_only_a_cursor_goes_on_with_a_log(olga: FlaskClient, path: str) -> None:
    follow = {"Accept": "text/event-stream", "Last-Event-ID": "s=0;i=1 --file=/etc/shadow"}
    answer = olga.get(f"{path}/nginx.service/logs", headers=follow)
    assert code(answer) == (422, "invalid")


def test_sshd_is_not_stopped_and_no_machine_was_asked_to(
    olga: FlaskClient, path: str, parts: Parts
) -> None:
    for verb in ("stop", "disable", "mask"):
        answer = olga.post(f"{path}/ssh.service/{verb}", json={})
        assert code(answer) == (409, "protected")
        assert recorded(parts, f"service:{verb}") == []
    assert asked_of_machines(parts) == 0


def test_a_machine_without_systemd_says_so(olga: FlaskClient, parts: Parts) -> None:
    """The one that the tests run on, be it with systemd or without."""
    path = f"/api/machines/{add_machine(parts)}/services"
    with working(parts):
        answer = olga.get(path)
    if Path("/run/systemd/system").is_dir():
        assert answered(answer)["data"]
    else:
        assert code(answer) == (409, "no-systemd")
