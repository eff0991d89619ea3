"""The committed configuration in real servers: what it discovers, evaluates, asks and probes."""

import json
import re
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperion_control.up.render import replaced
from lab import promql
from lab.blackbox import blackbox
from lab.house import ROOT
from lab.servers import Server, alertmanager, free_port, prometheus
from lab.wait import wait_for

pytestmark = pytest.mark.live

ROOM = ROOT / "prometheus"
ROUTES = "{route: {receiver: nobody}, receivers: [{name: nobody}]}"


class ControlApi(ThreadingHTTPServer):
    """Stands in for it: discovery of one machine, for who has the token, and /healthz."""

    daemon_threads = True
    machine = ""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, ControlApi)
        found: list[dict[str, Any]] = [
            {
                "targets": [self.server.machine],
                "labels": {
                    "org": "acme",
                    "machine": "web-7",
                    "__scrape_interval__": "1s",
                    "__scrape_timeout__": "1s",
                },
            }
        ]
        asked, token = self.path == "/api/sd/prometheus", self.headers["Authorization"]
        self.send_response(401 if asked and token != "Bearer hyp_1" else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(found if asked else "ok").encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def control_api() -> Iterator[ControlApi]:
    with ControlApi(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def written(folder: Path, addresses: dict[str, str]) -> Path:
    """Ours, with addresses that are here, and quicker."""
    config = yaml.safe_load((ROOM / "prometheus.yml").read_text())
    config = replaced(config, addresses)
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(ROOM / "rules" / "*.yml")]
    for job in config["scrape_configs"]:
        job.pop("scrape_interval", None)
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


def ask(store: Server, expression: str) -> dict[str, float]:
    """The values by instance."""
    query = urllib.parse.urlencode({"query": expression})
    found = api(store, f"query?{query}")["result"]
    return {each["metric"]["instance"]: float(each["value"][1]) for each in found}


def api(store: Server, path: str) -> Any:
    with urllib.request.urlopen(f"{store.url}/api/v1/{path}", timeout=5) as answer:
        return json.load(answer)["data"]


def families(server: Server) -> set[str]:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        return set(re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.MULTILINE))


@pytest.mark.parametrize(("version", "other"), [("2.42", "0.25"), ("3.5", "0.33")])
def test_machines_are_discovered_and_every_rule_can_be_evaluated(
    version: str, other: str, tmp_path: Path
) -> None:
    (tmp_path / "routes.yml").write_text(ROUTES)
    (tmp_path / "sd_token").write_text("hyp_1")
    with control_api() as api_, alertmanager(tmp_path / "routes.yml", tmp_path, other) as messenger:
        api_.machine = messenger.url.removeprefix("http://")
        config = written(
            tmp_path,
            {
                "control-api:8080": api_.address,
                "alertmanager:9093": api_.machine,
                "/etc/prometheus/secrets/sd_token": str(tmp_path / "sd_token"),
            },
        )
        with prometheus(config, tmp_path, version) as store:
            named = 'up{job="node", org="acme", machine="web-7"} == 1'
            wait_for(lambda: ask(store, named), 30, "the machine that discovery tells of")
            unnamed = 'up{job="node", machine="exporter"}'
            wait_for(lambda: ask(store, unnamed), 30, "the name of a machine that has none")
            wait_for(lambda: evaluated(store) > 50, 30, "the rules")
            assert asked_of_others() - families(store) - families(messenger) == set()


def evaluated(store: Server) -> int:
    rules = [rule for group in api(store, "rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    return sum(rule["health"] == "ok" for rule in rules)


def asked_of_others() -> set[str]:
    asked = promql.metrics_named(ROOM / "rules", Path("none"))
    return {name for name in asked if name.startswith(("prometheus_", "alertmanager_"))}


def test_an_address_and_a_port_are_probed_as_their_module_says(tmp_path: Path) -> None:
    closed = f"127.0.0.1:{free_port()}"
    with control_api() as api_, blackbox(ROOM / "blackbox.yml", tmp_path) as asker:
        good = f"http://{api_.address}/healthz"
        (tmp_path / "probes").mkdir()
        probes = [
            {"labels": {"module": "http"}, "targets": [good, f"http://{closed}/"]},
            {
                "labels": {"module": "http_login"},
                "targets": [f"http://{api_.address}/api/sd/prometheus"],
            },
            {"labels": {"module": "tcp"}, "targets": [api_.address, closed]},
            {"labels": {"module": "tls"}, "targets": [f"localhost:{api_.server_port}"]},
        ]
        (tmp_path / "probes" / "ours.yml").write_text(yaml.safe_dump(probes))
        config = written(tmp_path, {"blackbox:9115": asker.url.removeprefix("http://")})
        with prometheus(config, tmp_path) as store:
            wait_for(lambda: len(ask(store, "probe_success")) == 6, 30, "six answers")
            found = ask(store, "probe_success")
            seconds = ask(store, "probe_duration_seconds")
    assert found == {
        good: 1,
        f"http://{closed}/": 0,
        f"http://{api_.address}/api/sd/prometheus": 1,
        api_.address: 1,
        closed: 0,
        f"localhost:{api_.server_port}": 0,
    }
    assert seconds.keys() == found.keys()


def test_what_is_probed_is_in_modules_that_there_are() -> None:
    modules = yaml.safe_load((ROOM / "blackbox.yml").read_text())["modules"]
    for file in (ROOM / "probes").glob("*.yml"):
        for group in yaml.safe_load(file.read_text()):
            assert group["labels"]["module"] in modules
