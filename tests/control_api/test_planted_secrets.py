"""Whoever gets the database, a dump of it or the log gets nothing to sign in with."""

import base64
import logging
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.people import PASSWORD, SEED, People
from hyperion_control.usecases.parts import Parts
from lab.databases import MASTER_KEY
from lab.programs import environment, program

SECRET = r"hyp_[a-z]_\w+|\b(?:[a-z0-9]{4}-){3}[a-z0-9]{4}\b|\b[A-Z2-7]{32}\b"


def stored(parts: Parts, folder: Path) -> bytes:
    """All that the disk of the database knows, or a dump of it tells."""
    if parts.database.file:
        return b"".join(file.read_bytes() for file in folder.glob("control.sqlite*"))
    pg_dump = program("pg_dump")
    # Without this the dump would end at the first table that has policies.
    env = environment(pg_dump) | {"PGOPTIONS": "-c hyperion.organisation=*"}
    argv = [pg_dump, "--enable-row-security", "--inserts", parts.settings.database_url]
    return subprocess.run(argv, env=env, check=True, capture_output=True).stdout


def shown_to_people(client: FlaskClient, new_code: Callable[[], str]) -> str:
    """Everything secret that the API hands out, as it hands it out."""
    said = []

    def ask(method: str, path: str, **body: Any) -> None:
        answer = client.open(path, method=method, json=body)
        assert answer.status_code in (200, 201), answer.text
        said.append(answer.text)

    person = {"username": "ada", "password": PASSWORD}
    ask("POST", "/api/auth/token", **person, code=new_code())
    login = re.findall(SECRET, said[0])[0]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {login}"
    ask("POST", "/api/auth/api-login/", **person)
    ask("POST", "/api/me/recovery-codes", code=new_code())
    ask("POST", "/api/me/second-factor", password=PASSWORD, code=new_code())
    ask("POST", "/api/tokens", name="deploy", scopes=["users:read"])
    ask("POST", "/api/invitations", role="observer")
    ask("POST", "/api/enrolments")
    token = re.findall(SECRET, said[-1])[0]
    ask("POST", "/api/agents/enrol", token=token, fingerprint=64 * "a", name="web-1")
    return "\n".join(said)


def test_nothing_that_was_handed_out_can_be_read_back(
    parts: Parts,
    people: People,
    client: FlaskClient,
    clock: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    def new_code() -> str:
        clock.forward(30)
        return people.code()

    with caplog.at_level(logging.DEBUG):
        said = shown_to_people(client, new_code)
    planted = {PASSWORD, SEED, base64.b64encode(MASTER_KEY).decode(), *re.findall(SECRET, said)}
    assert len(planted) >= 3 + 1 + 1 + 10 + 5, (
        "login, challenge, codes, seed, token, link, enrolment, agent"
    )
    found = stored(parts, tmp_path)
    assert b"ada@example.org" in found, "the search itself works"
    for secret in planted:
        assert secret not in caplog.text
        for written in (secret.encode(), secret.encode().hex().encode()):
            assert written not in found, secret
