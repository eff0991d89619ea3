"""`hyperion up` as a person starts it: the real programs on free ports in a folder of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from hyperion_control.up import packages
from lab.programs import missing
from lab.up import argv, free_ports, up
from lab.wait import wait_for

# Stands in for Grafana, which is in no package source: refuses to answer health when it was
# not told what the real one needs to find our sources and dashboards.
GRAFANA = """#!{python}
import os, pathlib, http.server
env = os.environ
for name in ("HYPERION_PROMETHEUS_URL", "HYPERION_ALERTMANAGER_URL", "GF_SERVER_ROOT_URL"):
    assert env[name].startswith("http://127.0.0.1:"), name
for path in (
    env["HYPERION_DASHBOARDS"],
    env["GF_PATHS_PROVISIONING"] + "/datasources",
    env["GF_PATHS_PROVISIONING"] + "/dashboards",
):
    assert os.listdir(path), path
pathlib.Path(env["GF_PATHS_DATA"]).mkdir(parents=True)

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

address = (env["GF_SERVER_HTTP_ADDR"], int(env["GF_SERVER_HTTP_PORT"]))
http.server.HTTPServer(address, Health).serve_forever()
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all runs here, so that packages are fetched once."""
    if not packages.available():
        missing("apt-get, for Prometheus and Alertmanager out of the system's packages")
    return tmp_path_factory.mktemp("up") / "var"


def test_the_first_run_shows_where_everything_is_and_metrics_arrive(
    var: Path, tmp_path: Path
) -> None:
    grafana = tmp_path / "grafana-server"
    grafana.write_text(GRAFANA.format(python=sys.executable))
    grafana.chmod(0o755)
    with up(var, f"{tmp_path}:{os.environ['PATH']}") as run:
        run.wait_until_said("Ctrl-C stops all of it.", 180)
        for name in ("exporter", "control-api", "worker", "prometheus", "alertmanager", "grafana"):
            assert re.search(rf"(?m)^  {name} .* ready ", run.output.read_text()), name
        (password,) = re.findall(r"(?m)^  password   (\S{12,}) ", run.output.read_text())
        assert all(password not in log.read_text() for log in (var / "log").iterdir())
        query = 'query?query=up{job=~"node|control-api"}'

        def both_up() -> bool:
            found = run.prometheus(query)["result"]
            return [each["value"][1] for each in found] == ["1", "1"]

        wait_for(both_up, 30, "exporter and control API to be up")
        groups = run.prometheus("rules")["groups"]
        assert groups
        assert all(rule["health"] != "err" for group in groups for rule in group["rules"])
        rules = {Path(group["file"]).name for group in groups}
        committed = Path(__file__).parents[2] / "prometheus/rules"
        assert rules == {file.name for file in committed.glob("*.yml")}
        wait_for(lambda: run.prometheus("alertmanagers")["activeAlertmanagers"], 30, "Alertmanager")
        (trial,) = re.findall(r"curl -s '(\S+)'", run.output.read_text())

        def value() -> Any:
            with urlopen(trial, timeout=2) as answer:
                return json.load(answer)["data"]["result"]

        wait_for(value, 30, "a value at the address to try")


def test_later_runs_are_ready_within_ten_seconds_and_keep_the_data(var: Path) -> None:
    database = var / "control/control.sqlite"
    before = database.stat().st_ino
    began = time.monotonic()
    with up(var) as run:
        run.wait_until_said("Ctrl-C stops all of it.", 10)
        assert time.monotonic() - began <= 10
        assert run.said("Ready, after")
        assert not run.said("password")
        assert database.stat().st_ino == before


def test_sigterm_ends_everything_within_five_seconds(var: Path) -> None:
    with up(var) as run:
        run.wait_until_said("Ctrl-C stops all of it.", 60)
        started = psutil.Process(run.process.pid).children(recursive=True)
        assert len(started) >= 5
        began = time.monotonic()
        run.process.terminate()
        assert run.process.wait(10) == 0
        assert time.monotonic() - began <= 5
        assert [each for each in started if each.is_running()] == []


def test_a_signal_while_it_still_starts_ends_it_too(var: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        with up(var) as run:
            run.wait_until_said("starting exporter", 60)
            run.process.send_signal(number)
            assert run.process.wait(5) == 0
            assert run.said("all stopped")


def test_a_signal_while_it_fetches_ends_it_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    with up(tmp_path / "var") as run:
        run.wait_until_said("getting prometheus", 10)
        run.process.terminate()
        assert run.process.wait(5) == 0
        assert run.said("all stopped")
        assert list((tmp_path / "var").glob("*packages*/")) == []


def test_a_killed_exporter_is_named_and_comes_back(var: Path) -> None:
    with up(var) as run:
        run.wait_until_said("Ctrl-C stops all of it.", 60)
        programs = psutil.Process(run.process.pid).children()
        (exporter,) = [each for each in programs if "hyperion-exporter" in " ".join(each.cmdline())]
        exporter.kill()
        run.wait_until_said("exporter ended after", 5)
        run.wait_until_said("exporter started again", 5)
        address = f"http://127.0.0.1:{run.ports.exporter}/healthz"

        def healthy() -> bool:
            with urlopen(address, timeout=2) as answer:
                return bool(answer.status == 200)

        wait_for(healthy, 10, "the exporter to answer again")


def test_sigkill_leaves_no_program_behind(var: Path) -> None:
    with up(var) as run:
        run.wait_until_said("Ctrl-C stops all of it.", 60)
        started = psutil.Process(run.process.pid).children(recursive=True)
        run.process.kill()
        wait_for(lambda: not any(each.is_running() for each in started), 5, "all to end with it")


def test_a_second_run_at_once_is_refused_and_starts_nothing(var: Path) -> None:
    with up(var) as run:
        run.wait_until_said("starting exporter", 60)
        second = subprocess.run(argv(var, free_ports()), capture_output=True, text=True, timeout=10)
        assert second.returncode == 1
        assert f"already runs on {var} (process {run.process.pid})" in second.stderr
        assert (second.stdout, second.stderr.count("\n")) == ("", 1)


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path, var: Path) -> None:
    with up(var) as run:
        run.wait_until_said("Ctrl-C stops all of it.", 60)
        refused = subprocess.run(
            argv(tmp_path / "var", run.ports), capture_output=True, text=True, timeout=10
        )
        assert refused.returncode == 1
        assert f"port {run.ports.exporter} is taken by" in refused.stderr
        assert "--exporter-port" in refused.stderr
        assert [left.name for left in (tmp_path / "var").iterdir()] == ["up.lock"]
