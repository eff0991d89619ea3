"""Rules about Grafana's dashboards, as functions that name each offender."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import promql

Json = dict[str, Any]
# Sources that grafana/provisioning makes.
SOURCES = {"hyperion-prometheus", "hyperion-alertmanager"}
# The newest form that Grafana 9.5 to 13 all read.
NEWEST_SCHEMA = 39
COLUMNS = 24
SAID = ("title", "description", "unit")


def problems_of_dashboards(folder: Path) -> list[str]:
    """All that is wrong in the committed dashboards, in sentences."""
    files = sorted(folder.glob("*.json"))
    dashboards = {file.stem: json.loads(file.read_text()) for file in files}
    found = repeated_titles(dashboards)
    for name, dashboard in dashboards.items():
        each = [
            *wrong_form(name, dashboard),
            *repeated_ids(dashboard),
            *unsaid(dashboard),
            *overlaps(dashboard),
            *unknown_sources(dashboard),
        ]
        found += [f"{name}: {problem}" for problem in each]
    return found + unreadable(folder)


def repeated_titles(dashboards: dict[str, Json]) -> list[str]:
    titles = [dashboard["title"] for dashboard in dashboards.values()]
    return [f"two dashboards are called {t}" for t in sorted(set(titles)) if titles.count(t) > 1]


def wrong_form(name: str, dashboard: Json) -> list[str]:
    """The file is called after its uid, which so is unique."""
    found = [] if dashboard["uid"] == name else [f"its uid is {dashboard['uid']}"]
    if dashboard["schemaVersion"] > NEWEST_SCHEMA:
        found.append(f"its schema is {dashboard['schemaVersion']}, above {NEWEST_SCHEMA}")
    if dashboard["editable"] is not False or "__inputs" in dashboard:
        found.append("it can be edited or asks for inputs; neither works for a provisioned one")
    return found


def repeated_ids(dashboard: Json) -> list[str]:
    ids = [panel["id"] for panel in dashboard["panels"]]
    return [f"two panels have id {one}" for one in sorted(set(ids)) if ids.count(one) > 1]


def unsaid(dashboard: Json) -> list[str]:
    found = []
    for panel in dashboard["panels"]:
        said = {**panel, "unit": panel["fieldConfig"]["defaults"].get("unit")}
        found += [f"panel {panel['id']} has no {what}" for what in SAID if not said.get(what)]
        for target in panel["targets"]:
            if not target.get("legendFormat"):
                found.append(f"panel {panel['id']} has no legend for {target['refId']}")
    return found


def overlaps(dashboard: Json) -> list[str]:
    owners: dict[tuple[int, int], int] = {}
    found = []
    for panel in dashboard["panels"]:
        for cell in _cells(panel["gridPos"]):
            other = owners.setdefault(cell, panel["id"])
            if other != panel["id"]:
                found.append(f"panel {panel['id']} covers panel {other}")
            if cell[0] >= COLUMNS:
                found.append(f"panel {panel['id']} is wider than the page")
    return sorted(set(found))


def unknown_sources(dashboard: Json) -> list[str]:
    named = {part["uid"] for part in _sources(dashboard)}
    return [f"it reads from {uid}, which is not provisioned" for uid in sorted(named - SOURCES)]


def unreadable(folder: Path) -> list[str]:
    found = []
    for where, expression in promql.expressions_of_dashboards(folder):
        try:
            promql.metrics(expression)
        except ValueError as error:
            found.append(f"{where}: {error}")
    return found


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


def _sources(part: object) -> Iterator[Json]:
    if isinstance(part, dict):
        if "datasource" in part:
            yield part["datasource"]
        for inner in part.values():
            yield from _sources(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _sources(inner)
