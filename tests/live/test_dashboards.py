"""Every question of every dashboard, asked of a real Prometheus that watches real exporters."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from control_api.people import ACME, PASSWORD, id_of
from hyperion_control.domain.commands import CommandState
from hyperion_control.store import commands
from hyperion_control.store.commands import Command
from hyperion_control.usecases.parts import Parts
from lab import promql
from lab.dashboards import read
from lab.house import ROOT
from lab.inhabited import Inhabited, inhabited
from lab.questions import Question, ask, distinct, questions
from lab.servers import Server, alertmanager, prometheus
from lab.wait import wait_for
from lab.watched import machines

DASHBOARDS = read(ROOT / "grafana/dashboards")
RULES = ROOT / "prometheus/rules"
Json = dict[str, Any]

SECONDS = 120.0
GUESSES = 8  # more than an account may be tried in a row
# Our own rules wait for minutes before they fire.
FIRING = """
groups:
  - name: test
    rules:
      - alert: TestFires
        expr: up{job="node"} == 1
        labels: {severity: warning}
      - alert: TestWaits
        expr: up{job="node"} == 1
        for: 1h
        labels: {severity: warning}
"""
# Not every machine is in a group. Python knew its system before it was disguised as another one.
LABELS = {
    "plain": {"group": "web"},
    "alder": {},
    "disks": {"group": "store"},
    "loud": {},
    "win": {"sysname": "Windows"},
    "mac": {"sysname": "Darwin"},
}
MOST_EMPTY = 0.02
# A filesystem fills, once it was recorded how much was left.
AVAILABLE = "instance_mountpoint:node_filesystem_avail_bytes:min5m"
# Counted beside the scrapes.
UPDATES = "hyperion_updates_pending"
FILLING_BYTES = 128 * 2**20
OF_A_MACHINE = ("fleet", "machine", "disks", "network", "processes", "events", "capacity")
# What has no answer here, and why.
EMPTY = {
    "annotation Actions": "it waits a minute, so that what was done before is not taken for new",
    "annotation New versions": "nothing is installed while the test runs",
    "Restarts": "nothing is started anew while the test runs",
    "Failures of services": "what stands for a machine with Windows has no event log",
}
# What the machine of the test, a virtual one or a container, does not tell, and why.
NO_HARDWARE = {
    "Machines, worst first: Disk health": "it has no disk that tells of itself",
    "Machines, worst first: Hottest": "it has no sensor",
}
NO_SYSTEMD = {
    "Machines, worst first: Failed services",
    "Services that failed",
    "Services that need a look",
    "Units by state",
}
NOTHING_WRONG = {"Last of each kind: Last", "Why not 100", "Days until full"}


EVERY = [question for dashboard in DASHBOARDS.values() for question in questions(dashboard)]


@dataclass(frozen=True)
class Watch:
    store: Server
    messenger: Server
    addresses: dict[str, str]

    def answers(self, question: Question, **values: str) -> bool:
        found = ask(self.store, question.chosen(**values))
        return any(not question.label or question.label in one["metric"] for one in found)


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    folder = tmp_path_factory.mktemp("watch")
    routes, config = folder / "alertmanager.yml", folder / "prometheus.yml"
    filling = folder / "filling"
    routes.write_text("{route: {receiver: nobody}, receivers: [{name: nobody}]}")
    (folder / "firing.yml").write_text(FIRING)
    for file in RULES.glob("*.yml"):
        # Some look only every five minutes.
        quick = re.sub(r"\binterval: \w+", "interval: 2s", file.read_text())
        (folder / f"rules-{file.name}").write_text(quick)
    with (
        machines(folder) as addresses,
        inhabited(folder) as control,
        alertmanager(routes, folder) as messenger,
    ):
        parts = {"control-api": control.server, "alertmanager": messenger}
        config.write_text(scraping(addresses, parts))
        with prometheus(config, folder, flags=["--web.enable-lifecycle"]) as store:
            # Where it is itself is known only now.
            config.write_text(scraping(addresses, parts | {"prometheus": store}))
            post(f"{store.url}/-/reload")
            act(control)
            wait_for(lambda: ask(store, AVAILABLE), SECONDS, "what is left to be recorded")
            filling.write_bytes(bytes(FILLING_BYTES))
            many = len(addresses) + len(parts) + 1
            wait_for(lambda: settled(store, many), SECONDS, "all to be scraped and recorded")
            wait_for(lambda: ask(store, UPDATES), SECONDS, "updates to be counted")
            filling.unlink()
            yield Watch(store, messenger, addresses)


def scraping(addresses: dict[str, str], parts: dict[str, Server]) -> str:
    nodes = [
        {"targets": [address], "labels": {"machine": name, "org": "acme", **LABELS[name]}}
        for name, address in addresses.items()
    ]
    others = {name: [{"targets": [urlsplit(one.url).netloc]}] for name, one in parts.items()}
    jobs = {"node": nodes, **others}
    messengers = [{"static_configs": jobs["alertmanager"]}]
    page = "http://control.example.org"
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": "2s",
                "evaluation_interval": "2s",
                "external_labels": {"hyperion_url": page, "grafana_url": page},
            },
            "rule_files": ["rules-*.yml", "firing.yml"],
            "alerting": {"alertmanagers": messengers},
            "scrape_configs": [
                {"job_name": name, "static_configs": targets} for name, targets in jobs.items()
            ],
        }
    )


def act(control: Inhabited) -> None:
    """Ada mistypes, logs in and changes something; somebody guesses; a command has ended."""
    url, known = control.server.url, {"username": "ada"}
    post(f"{url}/api/auth/api-login/", {**known, "password": "wrong"})
    login = post(f"{url}/api/auth/api-login/", {**known, "password": PASSWORD})
    proof = {"token": login["token"], "code": control.people.code()}
    post(f"{url}/api/auth/2fa/verify/", proof)
    for _ in range(GUESSES):
        post(f"{url}/api/auth/api-login/", {"username": "eve", "password": "wrong"})
    command(control.people.parts)
    group = {"name": "web", "colour": "#2f6fde"}
    assert post(f"{url}/api/groups", group, control.people.login("ada"))["id"]


def command(parts: Parts) -> None:
    now, by = parts.clock(), id_of("ada")
    ended = Command(
        "cmd_1", ACME, "services:restart", by, {}, "", 1, now, now, state=CommandState.SUCCEEDED
    )
    with parts.database.writing(ACME) as connection:
        commands.add(connection, ended)


def settled(store: Server, many: int) -> bool:
    """Everything was scraped three times, and every rule was looked at since."""
    several = ask(store, "count(count_over_time(up[5m]) >= 3)")
    return several[0]["value"][1] == str(many) and bool(
        ask(store, 'count_over_time(ALERTS{alertname="TestFires", alertstate="firing"}[5m]) > 3')
    )


def post(url: str, body: Json | None = None, token: str = "") -> Json:
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    data = json.dumps(body).encode() if body else b""
    request = urllib.request.Request(url, data, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.loads(answer.read() or "{}"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return dict(json.loads(refusal.read()))


def unexplained(empty: Iterable[Question], reasons: Iterable[str]) -> list[str]:
    return [q.where for q in empty if not any(f": {reason}" in q.where for reason in reasons)]


def test_nearly_every_question_has_an_answer(watch: Watch) -> None:
    asked = distinct(EVERY)
    empty = [question for question in asked if not watch.answers(question)]
    print(f"\nanswered: {len(asked) - len(empty)} of {len(asked)} questions")
    assert unexplained(empty, EMPTY) == []
    assert len(empty) <= MOST_EMPTY * len(asked), f"{len(empty)} of {len(asked)}"


def test_what_a_machine_lacks_is_not_asked_for_until_a_row_is_opened(watch: Watch) -> None:
    of_machines = (DASHBOARDS[f"hyperion-{name}"] for name in OF_A_MACHINE)
    asked = distinct(q for board in of_machines for q in questions(board) if not q.closed)
    plain = {"instance": watch.addresses["plain"], "job": "node"}
    empty = [question for question in asked if not watch.answers(question, **plain)]
    assert unexplained(empty, {*EMPTY, *NO_HARDWARE, *NO_SYSTEMD, *NOTHING_WRONG}) == []
    lacking = len(empty) - len(unexplained(empty, NO_HARDWARE))
    assert lacking <= MOST_EMPTY * len(asked), f"{lacking} of {len(asked)}"


def test_prometheus_and_alertmanager_have_what_they_are_asked_for(watch: Watch) -> None:
    named = promql.metrics_named(RULES, ROOT / "grafana/dashboards")
    theirs = {name for name in named if name.startswith(("alertmanager_", "prometheus_"))}
    there = {
        one["metric"]["__name__"] for one in ask(watch.store, '{job=~"alertmanager|prometheus"}')
    }
    assert sorted(theirs - there) == []
