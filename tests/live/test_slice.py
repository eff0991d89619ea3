"""The loop's first half on real servers: a metric, a rule, an alert, a message and its end."""

import json
import socket
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from lab.ours import control_api, exporter
from lab.receiver import Receiver, receiver
from lab.servers import Server, alertmanager, prometheus
from lab.wait import wait_for

# The exporter holds about a dozen descriptors; each connection is one more.
RULES = """
groups:
  - name: test
    rules:
      - alert: ExporterCrowded
        expr: process_open_fds{job="node"} > 100
        labels: {severity: info}
        annotations: {summary: The exporter holds many descriptors.}
"""
ROUTES = """
route: {receiver: phone, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: phone
    webhook_configs: [{url: "%s", send_resolved: true}]
"""
CROWD = 90


def test_a_metric_becomes_an_alert_and_a_message_and_both_end(tmp_path: Path) -> None:
    routes, config = tmp_path / "alertmanager.yml", tmp_path / "prometheus.yml"
    (tmp_path / "rules.yml").write_text(RULES)
    with receiver() as phone:
        routes.write_text(ROUTES % phone.url)
        # Which keeps a file open for each task: the alert is about those of the crowd.
        flags = ["--no-collector.processes"]
        with exporter(tmp_path, flags) as node, alertmanager(routes, tmp_path) as messenger:
            config.write_text(scraping("node", node, messenger))
            with prometheus(config, tmp_path) as store:
                wait_for(lambda: query(store, 'up{job="node"} == 1'), 30, "the first scrape")
                assert query(store, "node_uname_info"), "what it gathers is stored"
                crowd = [socket.create_connection(address(node)) for _ in range(CROWD)]
                fired = wait_for(lambda: alert(phone, "firing"), 30, "the message that it fires")
                for connection in crowd:
                    connection.close()
                ended = wait_for(lambda: alert(phone, "resolved"), 60, "the message that it ended")
    assert fired["labels"] == {
        "alertname": "ExporterCrowded",
        "instance": node.url.removeprefix("http://"),
        "job": "node",
        "severity": "info",
    }
    assert fired["annotations"] == {"summary": "The exporter holds many descriptors."}
    assert ended["fingerprint"] == fired["fingerprint"]


def test_prometheus_scrapes_the_control_api(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    with control_api(tmp_path) as api:
        config.write_text(scraping("control-api", api))
        with prometheus(config, tmp_path) as store:
            wait_for(lambda: query(store, 'up{job="control-api"} == 1'), 30, "the first scrape")


def scraping(job: str, target: Server, messenger: Server | None = None) -> str:
    def targets(server: Server) -> list[dict[str, list[str]]]:
        return [{"targets": [urllib.parse.urlsplit(server.url).netloc]}]

    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": job, "static_configs": targets(target)}],
    }
    if messenger:
        config["rule_files"] = ["rules.yml"]
        config["alerting"] = {"alertmanagers": [{"static_configs": targets(messenger)}]}
    return yaml.safe_dump(config)


def address(server: Server) -> tuple[str, int]:
    url = urllib.parse.urlsplit(server.url)
    assert url.hostname and url.port
    return url.hostname, url.port


def query(store: Server, expression: str) -> list[Any]:
    asked = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{store.url}/api/v1/query?{asked}", timeout=5) as response:
        return list(json.load(response)["data"]["result"])


def alert(phone: Receiver, status: str) -> dict[str, Any] | None:
    """The first alert that came with this status."""
    came = (found for request in phone.requests for found in request.body["alerts"])
    return next((found for found in came if found["status"] == status), None)
