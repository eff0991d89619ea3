"""The whole chain, from the exporter to each channel; and two Alertmanagers that speak once."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.notifying import Notifying
from hyperion_control.settings import Settings
from hyperion_control.store import logins, users
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted
from lab import messenger, ours
from lab.messenger import Fired
from lab.receiver import Receiver, receiver
from lab.servers import Server, alertmanager, prometheus
from lab.smtp import post
from lab.wait import wait_for

pytestmark = pytest.mark.live

RULES = """
groups:
  - name: test
    rules:
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: info}
      - alert: MachineBusy
        expr: up{job="node"} == 1
        labels: {severity: critical, class: cpu}
        annotations:
          summary: A machine is busy.
          description: "{{ $labels.machine }} is busy."
          runbook_url: http://localhost:8080/runbooks/MachineBusy
"""


def test_an_alert_reaches_every_channel_and_ends_in_the_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "am"
    folder.mkdir()
    file = messenger.written(folder, messenger.config(folder, "http://127.0.0.1:9", Notifying()))
    with (
        receiver() as slack,
        receiver() as discord,
        receiver() as teams,
        post(tmp_path, "plain") as mails,
        alertmanager(file, tmp_path) as alerting,
    ):
        slack.answer = b'{"ok": true}'
        for name, value in {
            "ALERTMANAGER_URL": alerting.url,
            "ALERTMANAGER_CONFIG": str(file),
            "SLACK_URL": f"{slack.url}/services/T0",
            "DISCORD_URL": f"{discord.url}/api/webhooks/1",
            "TEAMS_URL": f"{teams.url}/workflows/1",
            "SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            "MAIL_FROM": "hyperion@example.org",
            "ALARM_MAIL": "ops@example.org",
        }.items():
            monkeypatch.setenv(f"HYPERION_{name}", value)
        with ours.control_api(tmp_path) as api, watched(tmp_path, alerting.url) as node:
            wait_for(lambda: "slack_configs" in file.read_text(), 30, "the configuration")
            assert told(slack)["attachments"][0]["title"] == "CRITICAL MachineBusy: web-1 (Home)"
            assert told(discord)["embeds"][0]["title"] == "CRITICAL MachineBusy: web-1 (Home)"
            card = told(teams)["attachments"][0]["content"]
            assert card["body"][2]["facts"][0]["value"].startswith("web-1 is busy. (since ")
            wait_for(lambda: mails.mails, 30, "the mail")
            assert mails.mails[0].message["Subject"] == "CRITICAL MachineBusy: web-1 (Home)"
            age = "hyperion_control_watchdog_age_seconds"
            assert wait_for(lambda: metric(api.url, age), 30, "the heartbeat") < 60
            secret = reader(tmp_path / "control")
            assert feed(api.url, secret)["state"] == "firing"
            node.process.terminate()
            wait_for(lambda: feed(api.url, secret)["state"] == "resolved", 60, "the end")


@pytest.mark.parametrize("version", messenger.VERSIONS)
def test_two_alertmanagers_tell_it_once(version: str, tmp_path: Path) -> None:
    with receiver() as bridge:
        told = Notifying(teams_url="https://teams.example.org")
        config = messenger.hastened(messenger.config(tmp_path, bridge.url, told))
        file = messenger.written(tmp_path, config)
        with messenger.pair(file, tmp_path, version) as pair:
            wait_for(lambda: all(peers(url) == 2 for url in pair), 30, "both to know each other")
            alert = Fired({"alertname": "MachineDown", "severity": "critical", "instance": "a"})
            for url in pair:
                messenger.send(url, [alert])
            asked = "alertmanager_nflog_queries_total"
            wait_for(lambda: all(metric(url, asked) >= 2 for url in pair), 40, "both to decide")
    names = sorted(request.body["receiver"] for request in bridge.requests)
    assert names == ["feed", "people"]


@contextmanager
def watched(folder: Path, alerting: str) -> Iterator[Server]:
    """A machine's exporter, and the Prometheus that watches it."""
    (folder / "rules.yml").write_text(RULES)
    with ours.exporter(folder) as node:
        labels = {"machine": "web-1", "org": "Home"}
        static = {"targets": [urlsplit(node.url).netloc], "labels": labels}
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [urlsplit(alerting).netloc]}]}]
            },
            "scrape_configs": [{"job_name": "node", "static_configs": [static]}],
        }
        file = folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(config))
        # What it told before it had found Alertmanager, it tells again.
        with prometheus(file, folder, flags=["--rules.alert.resend-delay=1s"]):
            yield node


def told(channel: Receiver) -> Any:
    wait_for(lambda: channel.requests, 60, "a message")
    return channel.requests[0].body


def feed(url: str, token: str) -> Any:
    """The one alert of the machine, as people are shown it."""
    asked = urllib.request.Request(
        f"{url}/api/alerts?name=MachineBusy", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=5) as answer:
        (found,) = json.load(answer)["data"]
    return found


def metric(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        page = answer.read().decode()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])


def peers(url: str) -> float:
    return metric(url, "alertmanager_cluster_members")


def reader(data: Path) -> str:
    """A token of the first admin that looks."""
    settings = Settings.from_env({"HYPERION_DATA": str(data)})
    with closing(Parts.build(settings)) as parts:
        with parts.database.reading("*") as connection:
            (admin,) = users.platform_admins(connection)
            home = logins.home_of(connection, admin)
        actor = Actor(Origin(), admin, home, Role.ADMIN)
        return tokens.create(parts, actor, Wanted("reader", ("machines:read",))).secret
