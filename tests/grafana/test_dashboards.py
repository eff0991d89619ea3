"""The dashboards are what their sources make, whole, and ask only for what there is."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperion_control.app import create_app
from hyperion_control.settings import Settings
from hyperion_control.store import migrate
from hyperion_control.usecases.parts import Parts
from lab import promql
from lab.dashboards import SOURCES, problems_of_dashboards
from lab.house import ROOT

GRAFANA = ROOT / "grafana"
DASHBOARDS = GRAFANA / "dashboards"
RULES = ROOT / "prometheus" / "rules"
# What Prometheus itself says of each scrape.
OF_PROMETHEUS = {"up", "scrape_duration_seconds"}

SECRET = base64.b64encode(bytes(32)).decode()


def generate(folder: Path) -> dict[str, bytes]:
    environment = os.environ | {"PYTHONPATH": str(GRAFANA)}
    subprocess.run([sys.executable, "-m", "sources", folder], env=environment, check=True)
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_committed_dashboards_are_what_the_sources_make(tmp_path: Path) -> None:
    assert generate(tmp_path) == content(DASHBOARDS), "run: make dashboards"


def test_the_dashboards_are_whole() -> None:
    assert problems_of_dashboards(DASHBOARDS) == []


def test_rules_and_dashboards_ask_only_for_metrics_that_there_are(tmp_path: Path) -> None:
    named = promql.metrics_named(RULES, DASHBOARDS)
    there = OF_PROMETHEUS | promql.recorded(RULES) | of_exporter() | of_control_api(tmp_path)
    assert {name: where for name, where in named.items() if name not in there} == {}


def of_exporter() -> set[str]:
    script = Path(sys.executable).with_name("hyperion-exporter")
    page = subprocess.run([script, "--once"], capture_output=True, text=True, check=True).stdout
    return families(page)


def of_control_api(folder: Path) -> set[str]:
    parts = Parts.build(
        Settings.from_env({"HYPERION_DATA": str(folder), "HYPERION_SECRET_KEY": SECRET})
    )
    with closing(parts.database):
        migrate.migrate(parts.database)
        return families(create_app(parts).test_client().get("/metrics").text)


def families(page: str) -> set[str]:
    return {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}


def test_provisioning_makes_the_sources_that_dashboards_name() -> None:
    file = GRAFANA / "provisioning" / "datasources" / "hyperion.yml"
    sources = yaml.safe_load(file.read_text())["datasources"]
    assert {source["uid"] for source in sources} == SOURCES
    assert [source["name"] for source in sources if source.get("isDefault")] == ["Prometheus"]


def test_windows_of_rates_grow_from_the_real_scrape_interval() -> None:
    file = GRAFANA / "provisioning" / "datasources" / "hyperion.yml"
    source = yaml.safe_load(file.read_text())["datasources"][0]
    config = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == config["global"]["scrape_interval"]


PLANTED: dict[str, Callable[[dict[str, Any]], object]] = {
    "its uid is other": lambda board: board.update(uid="other"),
    "its schema is 42, above 39": lambda board: board.update(schemaVersion=42),
    "it can be edited or asks for inputs; neither works for a provisioned one": (
        lambda board: board.update(editable=True)
    ),
    "two panels have id 1": lambda board: board["panels"][1].update(id=1),
    "panel 1 has no title": lambda board: board["panels"][0].update(title=""),
    "panel 1 has no description": lambda board: board["panels"][0].pop("description"),
    "panel 1 has no unit": lambda board: board["panels"][0]["fieldConfig"]["defaults"].pop("unit"),
    "panel 1 has no legend for A": (
        lambda board: board["panels"][0]["targets"][0].update(legendFormat="")
    ),
    "panel 2 covers panel 1": lambda board: board["panels"][1]["gridPos"].update(x=11),
    "panel 2 is wider than the page": lambda board: board["panels"][1]["gridPos"].update(w=13),
    "it reads from mine, which is not provisioned": (
        lambda board: board["panels"][0]["targets"][0].update(datasource={"uid": "mine"})
    ),
}


@pytest.mark.parametrize("problem", PLANTED)
def test_a_planted_fault_is_named(problem: str, tmp_path: Path) -> None:
    board = json.loads((DASHBOARDS / "hyperion-machine.json").read_text())
    PLANTED[problem](board)
    (tmp_path / "hyperion-machine.json").write_text(json.dumps(board))
    assert f"hyperion-machine: {problem}" in problems_of_dashboards(tmp_path)


def test_an_expression_that_is_none_is_named(tmp_path: Path) -> None:
    text = (DASHBOARDS / "hyperion-machine.json").read_text()
    (tmp_path / "hyperion-machine.json").write_text(text.replace("node_load1{", "node load1{"))
    (found,) = problems_of_dashboards(tmp_path)
    assert found.startswith("hyperion-machine.json: Load: ")


def test_two_dashboards_of_one_name_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        board = json.loads((DASHBOARDS / "hyperion-machine.json").read_text()) | {"uid": name}
        (tmp_path / f"{name}.json").write_text(json.dumps(board))
    assert problems_of_dashboards(tmp_path) == ["two dashboards are called Machine"]
