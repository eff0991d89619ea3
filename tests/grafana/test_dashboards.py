"""The dashboards are what their sources make, whole, and ask only for what there is."""

import base64
import gc
import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import hyperion_exporter
from hyperion_control.app import create_app
from hyperion_control.settings import Settings
from hyperion_control.store import migrate
from hyperion_control.usecases.parts import Parts
from hyperion_exporter.collector import Family
from lab import linter, promql
from lab.dashboards import content, generated, problems_of_dashboards, read
from lab.house import ROOT

Json = dict[str, Any]

GRAFANA = ROOT / "grafana"
DASHBOARDS = GRAFANA / "dashboards"
RULES = ROOT / "prometheus" / "rules"
# Prometheus makes these itself.
OF_PROMETHEUS = {"ALERTS", "ALERTS_FOR_STATE", "up"}
# What others say of themselves; tests/live asks them for it.
OF_OTHERS = ("alertmanager_", "probe_", "prometheus_", "scrape_")
# Told of once there is one: the newest record, the last heartbeat.
TOLD_LATER = {"hyperion_control_audit_head_seq", "hyperion_control_watchdog_age_seconds"}

SECRET = base64.b64encode(bytes(32)).decode()


def test_the_committed_dashboards_are_what_the_sources_make(tmp_path: Path) -> None:
    assert generated(tmp_path) == content(DASHBOARDS), "run: make dashboards"


def test_the_dashboards_are_whole() -> None:
    assert problems_of_dashboards(DASHBOARDS) == []


def test_rules_and_dashboards_ask_only_for_metrics_that_there_are(tmp_path: Path) -> None:
    named = promql.metrics_named(RULES, DASHBOARDS)
    there = OF_PROMETHEUS | promql.recorded(RULES) | of_exporter() | of_control_api(tmp_path)
    ours = {name: where for name, where in named.items() if not name.startswith(OF_OTHERS)}
    assert {name: where for name, where in ours.items() if name not in there} == {}


def of_exporter() -> set[str]:
    """Families that its code declares, and those whose names come from the kernel."""
    for module in pkgutil.walk_packages(hyperion_exporter.__path__, "hyperion_exporter."):
        importlib.import_module(module.name)
    gc.unfreeze()  # what was there before the first test counts too
    declared = {each.name for each in gc.get_objects() if isinstance(each, Family)}
    return declared | families((ROOT / "tests/exporter/expected.prom").read_text())


def of_control_api(folder: Path) -> set[str]:
    parts = Parts.build(
        Settings.from_env({"HYPERION_DATA": str(folder), "HYPERION_SECRET_KEY": SECRET})
    )
    with closing(parts.database):
        migrate.migrate(parts.database)
        return families(create_app(parts).test_client().get("/metrics").text) | TOLD_LATER


def families(page: str) -> set[str]:
    """With the names that a histogram's series have."""
    typed = re.findall(r"^# TYPE (\S+) (\w+)", page, re.MULTILINE)
    parts = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}
    return {name + part for name, kind in typed for part in parts.get(kind, ("",))}


def test_labels_in_tables_are_words_even_where_they_are_digits() -> None:
    assert [
        f"{panel['title']}: {title}"
        for board in read(DASHBOARDS).values()
        for panel in promql.each_panel(board)
        if panel["type"] == "table"
        for title in labels(panel)
        if unit(panel, title) != "string"
    ] == []


def labels(table: Json) -> list[str]:
    """The titles of its columns that are not out of a query."""
    names = table["transformations"][1]["options"]["renameByName"]
    return [title for name, title in names.items() if not name.startswith("Value")]


def unit(panel: Json, title: str) -> str:
    overrides = panel["fieldConfig"]["overrides"]
    said = {one["matcher"]["options"]: one["properties"] for one in overrides}[title]
    return next((one["value"] for one in said if one["id"] == "unit"), "")


def first(board: Json) -> Json:
    panel: Json = next(panel for panel in board["panels"] if panel["type"] == "timeseries")
    return panel


def override(variable: str, **change: object) -> Callable[[Json], object]:
    return lambda board: next(
        one for one in board["templating"]["list"] if one["name"] == variable
    ).update(change)


def ask(expression: str) -> Callable[[Json], object]:
    return lambda board: first(board)["targets"][0].update(expr=expression)


def unlinked(number: int) -> Callable[[Json], object]:
    return lambda board: board["panels"][number - 1]["fieldConfig"]["defaults"].update(links=[])


CHOSEN = '{job=~"$job", instance=~"$instance"}'
# What each rule says of the fault that it is for.
PLANTED: dict[str, Callable[[Json], object]] = {
    "template-datasource-rule: not exactly one": override("datasource", label="Data"),
    "template-job-rule: label is job": override("job", label="job"),
    "template-instance-rule: multi is False": override("instance", multi=False),
    "template-label-promql-rule: $org: $org asks neither": override("org", query={"query": "up"}),
    "template-on-time-change-reload-rule: $org": override("org", refresh=1),
    "panel-datasource-rule: Processors:": lambda board: first(board).update(
        datasource={"uid": "m"}
    ),
    "panel-title-description-rule: Processors: it has no description": (
        lambda board: first(board).pop("description")
    ),
    "panel-units-rule: Processors: its unit is apples": (
        lambda board: first(board)["fieldConfig"]["defaults"].update(unit="apples")
    ),
    "panel-no-targets-rule: Processors": lambda board: first(board).update(targets=[]),
    "target-promql-rule: Processors": ask("up up"),
    "target-logql-rule: Processors: it asks loki": (
        lambda board: first(board)["targets"][0]["datasource"].update(type="loki")
    ),
    "target-logql-auto-rule: Processors: it asks loki": (
        lambda board: first(board)["targets"][0]["datasource"].update(type="loki")
    ),
    "target-rate-interval-rule: Processors: a rate over 0:05:00": ask(f"rate(up{CHOSEN}[5m])"),
    "target-job-rule: Processors: up is not": ask('up{instance=~"$instance"}'),
    "target-instance-rule: Processors: up is not": ask('up{job=~"$job"}'),
    "target-counter-agg-rule: Processors: a_total counts": ask(f"a_total{CHOSEN}"),
    "uneditable-dashboard: it can be edited": lambda board: board.update(editable=True),
    "its uid is other": lambda board: board.update(uid="other"),
    "its schema is 42, above 39": lambda board: board.update(schemaVersion=42),
    "it asks for inputs": lambda board: board.update(__inputs=[]),
    "two panels have id 1": lambda board: board["panels"][1].update(id=1),
    "panel 1 has no legend for A": (
        lambda board: board["panels"][0]["targets"][0].update(legendFormat="")
    ),
    "panel 1 has a title too long for a phone": (
        lambda board: board["panels"][0].update(title="Health, and all that is to be said of it")
    ),
    "panel 1 is a graph": lambda board: board["panels"][0].update(type="graph"),
    "panel 1 has a footer": lambda board: board["panels"][0].update(options={"footer": {}}),
    "panel 1 is #ffffff": (
        lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(color="#ffffff")
    ),
    "panel 2 covers panel 1": lambda board: board["panels"][1]["gridPos"].update(x=5),
    "panel 2 is wider than the page": lambda board: board["panels"][1]["gridPos"].update(w=24),
    "panel 2 is too narrow to be read": lambda board: board["panels"][1]["gridPos"].update(w=3),
    "it reads from mine, which nobody can choose": (
        lambda board: board["annotations"]["list"][0].update(datasource={"uid": "mine"})
    ),
    "it links to hyperion-moon, which is none": (
        lambda board: board["links"][1].update(url="/d/hyperion-moon")
    ),
    "a link sets moon, which hyperion-machine has not": (
        lambda board: board["links"][1].update(url="/d/hyperion-machine?var-moon=1")
    ),
    "panel 1 names a machine and has no link with /act?": unlinked(1),
    "panel 11 names a mountpoint and has no link with /d/hyperion-disks": unlinked(11),
    "panel 12 names a device and has no link with /act?action=disk": unlinked(12),
    "panel 12 names a device and has no link with /d/hyperion-disks": unlinked(12),
    "panel 16 names a pid and has no link with &pid=": unlinked(16),
    "panel 19 names a name and has no link with &unit=": unlinked(19),
    "$moon is used and cannot be chosen": ask('up{job="$moon"}'),
    "$moon can be chosen and is not used": override("hyperion_url", name="moon"),
    "it asks 59 things when it opens": (
        lambda board: first(board).update(targets=first(board)["targets"] * 16)
    ),
}


@pytest.mark.parametrize("problem", PLANTED)
def test_a_planted_fault_is_named(problem: str, tmp_path: Path) -> None:
    board = json.loads((DASHBOARDS / "hyperion-machine.json").read_text())
    PLANTED[problem](board)
    (tmp_path / "hyperion-machine.json").write_text(json.dumps(board))
    found = problems_of_dashboards(tmp_path)
    assert [one for one in found if one.startswith(f"hyperion-machine: {problem}")], found


def test_every_rule_of_the_linter_has_a_planted_fault() -> None:
    assert [rule for rule in linter.RULES if not any(p.startswith(rule) for p in PLANTED)] == []


def test_an_exclusion_without_a_reason_is_none(tmp_path: Path) -> None:
    (tmp_path / ".lint").write_text(
        "exclusions: {uneditable-dashboard: {entries: [{dashboard: Machine}]}}"
    )
    board = json.loads((DASHBOARDS / "hyperion-machine.json").read_text()) | {"editable": True}
    assert linter.findings(board, tmp_path) == ["uneditable-dashboard: it can be edited"]


def test_two_dashboards_of_one_name_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        board = json.loads((DASHBOARDS / "hyperion-machine.json").read_text()) | {"uid": name}
        (tmp_path / f"{name}.json").write_text(json.dumps(board))
    assert "two dashboards are called Machine" in problems_of_dashboards(tmp_path)
