"""Signing in to the control API as it runs, by many at once."""

import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest

from lab.databases import on_postgres
from lab.ours import BIN, control_api
from lab.servers import Server
from lab.wait import wait_for

PASSWORD = "a horse, a staple and a pump"
MANY = 50
# Where the database makes no difference.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Of which kind the database of `api` is."""
    monkeypatch.setenv("HYPERION_DATA", str(tmp_path / "control"))
    if request.param == "sqlite":
        yield
        return
    with on_postgres() as databases, databases.empty(tmp_path) as url:
        monkeypatch.setenv("HYPERION_DATABASE_URL", url)
        yield


@pytest.fixture
def first_admin(database: None) -> dict[str, str]:
    """What `init` tells once."""
    argv = [BIN / "hyperion-control", "init"]
    told = subprocess.run(argv, env=os.environ, check=True, capture_output=True, text=True).stdout
    found = {}
    for name in ("password", "secret"):
        match = re.search(rf"^  {name} +(\S+)", told, re.MULTILINE)
        assert match
        found[name] = match[1]
    return found


@pytest.fixture
def api(first_admin: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    with control_api(tmp_path) as server:
        yield server


def ask(
    api: Server, method: str, path: str, body: dict[str, Any] | None = None, bearer: str = ""
) -> tuple[int, Any]:
    client = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
    try:
        client.request(method, path, json.dumps(body) if body else None, headers)
        answer = client.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        client.close()


@pytest.fixture
def code(api: Server, first_admin: dict[str, str]) -> Callable[[], str]:
    """Has chosen a password; what it returns shows the telephone, whose last code was used."""
    phone = pyotp.TOTP(first_admin["secret"])
    once = {"username": "admin", "password": first_admin["password"]}
    # Of the step before, so that the one of now is still good; it must not end on the way.
    wait_for(lambda: time.time() % 30 < 25, 10, "the beginning of a step")
    once["code"] = phone.at(time.time() - 30)
    status, made = ask(api, "POST", "/api/auth/token", once)
    assert status == 201, made
    assert made["duties"] == ["password"]
    status, _ = ask(api, "PUT", "/api/me/password", {"new": PASSWORD}, made["access_token"])
    assert status == 204
    return phone.now


def challenge(api: Server) -> str:
    body = {"username": "admin", "password": PASSWORD}
    status, refused = ask(api, "POST", "/api/auth/token", body)
    assert (status, refused["code"]) == (401, "code-needed")
    return str(refused["challenge"])


def test_many_at_once_with_one_code_are_one_login(api: Server, code: Callable[[], str]) -> None:
    challenges, shown = [challenge(api) for _ in range(MANY)], code()

    def redeem(challenge: str) -> int:
        body = {"token": challenge, "code": shown}
        return ask(api, "POST", "/api/auth/2fa/verify/", body)[0]

    with ThreadPoolExecutor(MANY) as crew:
        statuses = list(crew.map(redeem, challenges))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}


def test_so_are_many_calls_with_password_and_code(api: Server, code: Callable[[], str]) -> None:
    body = {"username": "admin", "password": PASSWORD, "code": code()}
    with ThreadPoolExecutor(MANY) as crew:
        asked = [crew.submit(ask, api, "POST", "/api/auth/token", body) for _ in range(MANY)]
        statuses = [each.result()[0] for each in asked]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 401, 429}


@ON_SQLITE
def test_many_guesses_at_once_do_not_get_past_the_limit(
    api: Server, code: Callable[[], str]
) -> None:
    def guess(number: int) -> str:
        body = {"username": "admin", "password": f"guess {number}"}
        return str(ask(api, "POST", "/api/auth/token", body)[1]["code"])

    with ThreadPoolExecutor(MANY) as crew:
        codes = list(crew.map(guess, range(MANY)))
    looked_at = codes.count("wrong-credentials")
    # One more where the first second's wait was over before the last guess came.
    assert 1 <= looked_at <= 6
    assert set(codes) <= {"wrong-credentials", "too-many-failures", "too-many-requests"}


@ON_SQLITE
def test_nothing_that_was_sent_is_in_the_log(api: Server, code: Callable[[], str]) -> None:
    shown = code()
    body = {"username": "admin", "password": PASSWORD, "code": shown}
    secret = ask(api, "POST", "/api/auth/token", body)[1]["access_token"]
    ask(api, "POST", "/api/auth/token", {**body, "password": "something else entirely"})
    log = api.log.read_text()
    for told in (PASSWORD, "something else entirely", secret):
        assert told not in log
