"""What Grafana is told at its start: where data is, and where dashboards are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperion_control.domain import machine_states
from hyperion_control.up import plan
from lab.house import ROOT

Json = dict[str, Any]
GRAFANA = ROOT / "grafana"
# The fields that Grafana has known since 9.4.
FIELDS = {
    "datasources": "name uid type access url isDefault editable jsonData",
    "providers": "name type folder folderUid allowUiUpdates options",
    "jsonData": "timeInterval httpMethod manageAlerts alertmanagerUid prometheusType"
    " implementation",
    "options": "path",
}


def provisioned(kind: str) -> list[Json]:
    folder = {"providers": "dashboards"}.get(kind, kind)
    file = GRAFANA / "provisioning" / folder / "hyperion.yml"
    return list(yaml.safe_load(file.read_text())[kind])


def test_the_sources_that_dashboards_name_are_made() -> None:
    sources = {source["uid"]: source for source in provisioned("datasources")}
    fleet = json.loads((GRAFANA / "dashboards/hyperion-fleet.json").read_text())
    chosen = fleet["templating"]["list"][0]["current"]
    default = sources[chosen["value"]]
    assert (default["name"], default["isDefault"]) == (chosen["text"], True)
    assert sources[default["jsonData"]["alertmanagerUid"]]["type"] == "alertmanager"


def test_windows_of_rates_grow_from_the_slowest_interval_of_scrapes() -> None:
    interval = provisioned("datasources")[0]["jsonData"]["timeInterval"]
    assert interval == f"{max(machine_states.INTERVALS)}s"


@pytest.mark.parametrize("kind", ["datasources", "providers"])
def test_only_fields_are_used_that_grafana_has_had_since_9(kind: str) -> None:
    for one in provisioned(kind):
        inner = {key: value for key, value in one.items() if isinstance(value, dict)}
        for name, fields in {kind: one, **inner}.items():
            assert set(fields) <= set(FIELDS[name].split())


def test_what_is_taken_from_the_environment_is_there() -> None:
    """For a name that is not there Grafana puts in nothing, and says nothing."""
    text = "".join(file.read_text() for file in (GRAFANA / "provisioning").rglob("*.yml"))
    given = plan.grafana(plan.Settings(ROOT, ROOT, ROOT), Path("/grafana")).env
    named = set(re.findall(r"\$\{?(\w*)", text))
    assert named and named <= set(given)
