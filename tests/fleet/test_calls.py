"""docs/control-api.md, calls.md and alerting.md as Ada types them, one after the other."""

import gzip
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from control_api.calling import BEAT, PRINT
from control_api.every_request import picture, routes
from control_api.people import PASSWORD, People
from hyperion_control.app import assembled
from hyperion_control.usecases import second_factor
from lab import typed
from lab.fleet import Machine
from lab.house import ROOT
from lab.ours import BIN
from lab.replicas import Replicas, replicas
from lab.smtp import post
from lab.sshd import ssh_command

TYPED = [(ROOT / f"docs/{name}.md").read_text() for name in ("control-api", "calls", "alerting")]
# Whose code stands for what their telephone shows.
CODES = {"123456": "ada", "234567": "olga", "345678": "petra"}
PACKED = {"Content-Encoding": "gzip"}
PAGE = gzip.compress(b"node_load1 0.5\n")
# What the pages name without a call: it wants more than curl, another setting, or is not there yet.
WITHOUT_A_CALL = (
    "DELETE /api/me/second-factor",
    "GET /api/audit/sessions/<session_id>",
    "POST /api/auth/login/",
    "POST /api/me/second-factor",
    "POST /api/users/register",
    "PUT /api/me/second-factor",
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replicas]:
    with post(tmp_path, "plain") as mails:
        monkeypatch.setenv("HYPERION_SMTP_URL", f"smtp://{mails.host}:{mails.port}")
        monkeypatch.setenv("HYPERION_MAIL_FROM", "hyperion@example.org")
        # Nobody listens there: a server of whoever runs the tests must not hear of them.
        monkeypatch.setenv("HYPERION_ALERTMANAGER_URL", "http://127.0.0.1:9")
        with replicas(tmp_path) as site, site.worker():
            yield site


@pytest.fixture
def nas_1(site: Replicas) -> Iterator[None]:
    """A machine with an agent of an older release, which calls home all the time."""
    token = site.ask("POST", "enrolments", "ada", json={"labels": {"env": "prod"}})["secret"]
    body = {"token": token, "fingerprint": PRINT, "name": "nas-1"}
    secret = site.ask("POST", "agents/enrol", api=1, json=body)["secret"]
    as_agent = {"Authorization": f"Bearer {secret}", "X-Machine-Fingerprint": PRINT}
    beat = BEAT | {"versions": {"agent": "0.0.9", "release": 64 * "b"}}
    over = Event()

    def tell(path: str, headers: Mapping[str, str], **what: Any) -> bool:
        url = f"{site.apis[1].url}/api/agents/{path}"
        return requests.post(url, headers=as_agent | headers, timeout=60, **what).ok

    def live() -> None:
        # Until the page puts it out.
        while tell("metrics", PACKED, data=PAGE) and not over.wait(10):
            pass

    assert tell("heartbeat", {}, json=beat)
    life = Thread(target=live)
    life.start()
    yield
    over.set()
    life.join()


def script(site: Replicas, machine: Machine) -> Iterator[str]:
    """All blocks, with what Ada has in place of what only stands for it."""
    way = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}")
    yield f'ssh() {{ command {shlex.join(way)} "${{@:2}}"; }}'
    codes = {code: recovery_codes(site.people, name) for code, name in CODES.items()}
    for block in chain.from_iterable(map(typed.blocks, TYPED)):
        ours = block.replace("https://hyperion.example.org", site.apis[0].url)
        where = f'"ips": ["{machine.address}"]'
        ours = ours.replace('"hostname": "web-1.example.org"', where)
        ours = ours.replace('"password": "…"', f'"password": "{PASSWORD}"')
        yield re.sub(r'(?<="code": ")\d+', lambda shown: next(codes[shown[0]]), ours)


def recovery_codes(people: People, name: str) -> Iterator[str]:
    """As good as what a telephone shows, and at any time."""
    return iter(second_factor.renew_codes(people.parts, people.actor(name), people.code()))


def called(site: Replicas) -> set[str]:
    """Which routes have answered that all is well."""
    told = requests.get(f"{site.apis[0].url}/metrics", timeout=10).text
    name = "hyperion_control_http_request_duration_seconds_count"
    found = re.findall(rf'{name}{{method="(\w+)",route="([^"]+)",status="2\d\d"}}', told)
    return {f"{method} {route}" for method, route in found}


@pytest.mark.usefixtures("nas_1")
def test_every_resource_has_a_call_that_works(
    site: Replicas,
    nginx: Machine,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "photo.jpg").write_bytes(picture())
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home)}
    nginx.done("systemctl start nginx")
    done = typed.type_in(script(site, nginx), home, env)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    # What agents send is theirs alone.
    ours = re.compile(r"(?!POST /api/agents/)\w+ /api")
    wanted = {route for route in routes(assembled()) if ours.match(route)}
    assert sorted(wanted - called(site)) == sorted(WITHOUT_A_CALL)
