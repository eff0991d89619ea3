"""Rules about Grafana's dashboards, as functions that name each offender."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import linter, promql
from lab.house import ROOT

Json = dict[str, Any]
CHOSEN = "${datasource}"
# The newest form that Grafana 9.5 to 13 all read.
NEWEST_SCHEMA = 39
# Kinds of panels that lost nothing from Grafana 9.5 to 13, and what tables did lose.
KINDS = {"timeseries", "stat", "bargauge", "state-timeline", "table", "row"}
LOST = {"footer", "hidden"}
# Of Grafana's palette: these suit a light theme and a dark one.
COLOURS = {"green", "yellow", "orange", "red", "blue", "purple"}
COLUMNS = 24
# Narrower, a panel cannot be read; on a phone Grafana gives each the whole width.
NARROWEST = 4
LONGEST_TITLE = 32
MOST_QUERIES = 30
# Grafana fills these in itself.
GIVEN = re.compile(r"__\w+")
USED = re.compile(r"\$\{?([A-Za-z_]\w*)")


@dataclass(frozen=True)
class End:
    """Whatever names `label`, out of an expression with `asked`, has a link with `to` in it."""

    label: str
    to: str
    asked: str = ""
    but: tuple[str, ...] = ()  # dashboards that are the page themselves


DISKS = "smartctl_|hyperion_smart_|node_disk_"
ENDS = (
    End("machine", "/act?"),
    End("machine", "/d/hyperion-", but=("hyperion-machine", "hyperion-windows")),
    End("device", "/act?action=disk", DISKS),
    End("device", "/d/hyperion-disks", DISKS, but=("hyperion-disks",)),
    End("mountpoint", "/d/hyperion-disks", but=("hyperion-disks",)),
    End("name", "&unit=", "node_systemd_"),
    End("pid", "&pid="),
)


def read(folder: Path) -> dict[str, Json]:
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def generated(folder: Path, *words: str) -> dict[str, bytes]:
    """What `make dashboards` writes, into this folder instead."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "grafana")}
    subprocess.run([sys.executable, "-m", "sources", folder, *words], env=environment, check=True)
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.json")}


def problems_of_dashboards(folder: Path) -> list[str]:
    """All that is wrong in the committed dashboards, in sentences."""
    dashboards = read(folder)
    found = repeated_titles(dashboards)
    for name, dashboard in dashboards.items():
        each = [
            *linter.findings(dashboard, folder),
            *wrong_form(name, dashboard),
            *repeated_ids(dashboard),
            *unsaid(dashboard),
            *unusual(dashboard),
            *overlaps(dashboard),
            *unknown_sources(dashboard),
            *dead_links(dashboard, dashboards),
            *dead_ends(dashboard),
            *variables(dashboard),
            *too_many_queries(dashboard),
        ]
        found += [f"{name}: {problem}" for problem in each]
    return found


def repeated_titles(dashboards: dict[str, Json]) -> list[str]:
    titles = [dashboard["title"] for dashboard in dashboards.values()]
    return [f"two dashboards are called {t}" for t in sorted(set(titles)) if titles.count(t) > 1]


def wrong_form(name: str, dashboard: Json) -> list[str]:
    """The file is called after its uid, which so is unique."""
    found = [] if dashboard["uid"] == name else [f"its uid is {dashboard['uid']}"]
    if dashboard["schemaVersion"] > NEWEST_SCHEMA:
        found.append(f"its schema is {dashboard['schemaVersion']}, above {NEWEST_SCHEMA}")
    if "__inputs" in dashboard:
        found.append("it asks for inputs, which a provisioned one cannot")
    return found


def repeated_ids(dashboard: Json) -> list[str]:
    ids = [panel["id"] for panel in promql.each_panel(dashboard)]
    return [f"two panels have id {one}" for one in sorted(set(ids)) if ids.count(one) > 1]


def unsaid(dashboard: Json) -> list[str]:
    found = []
    for panel in promql.each_panel(dashboard):
        for target in panel.get("targets", ()):
            if not target.get("legendFormat"):
                found.append(f"panel {panel['id']} has no legend for {target['refId']}")
        if len(panel["title"]) > LONGEST_TITLE:
            found.append(f"panel {panel['id']} has a title too long for a phone")
    return found


def unusual(dashboard: Json) -> list[str]:
    """What some Grafana from 9.5 to 13 does not read, or one of its themes hides."""
    found = []
    for panel in promql.each_panel(dashboard):
        keys = {key for part in _objects(panel) for key in part}
        colours = {part["color"] for part in _objects(panel) if isinstance(part.get("color"), str)}
        if panel["type"] not in KINDS:
            found.append(f"panel {panel['id']} is a {panel['type']}")
        found += [f"panel {panel['id']} has a {key}" for key in sorted(keys & LOST)]
        found += [f"panel {panel['id']} is {c}" for c in sorted(colours - COLOURS)]
    return found


def overlaps(dashboard: Json) -> list[str]:
    rows = [panel["panels"] for panel in dashboard["panels"] if panel.get("panels")]
    return [problem for panels in (dashboard["panels"], *rows) for problem in _overlaps(panels)]


def _overlaps(panels: list[Json]) -> list[str]:
    owners: dict[tuple[int, int], int] = {}
    found = []
    for panel in panels:
        for cell in _cells(panel["gridPos"]):
            other = owners.setdefault(cell, panel["id"])
            if other != panel["id"]:
                found.append(f"panel {panel['id']} covers panel {other}")
            if cell[0] >= COLUMNS:
                found.append(f"panel {panel['id']} is wider than the page")
        if panel["gridPos"]["w"] < NARROWEST:
            found.append(f"panel {panel['id']} is too narrow to be read")
    return sorted(set(found))


def unknown_sources(dashboard: Json) -> list[str]:
    named = {part["datasource"]["uid"] for part in _objects(dashboard) if "datasource" in part}
    return [f"it reads from {uid}, which nobody can choose" for uid in sorted(named - {CHOSEN})]


def dead_links(dashboard: Json, dashboards: dict[str, Json]) -> list[str]:
    """Links lead to dashboards that there are, and set variables that these have."""
    found = []
    for url in _urls(dashboard):
        to = re.match(r"/d/([\w-]+)", url)
        if to and to[1] not in dashboards:
            found.append(f"it links to {to[1]}, which is none")
        elif to:
            known = {variable["name"] for variable in _variables(dashboards[to[1]])}
            unknown = set(re.findall(r"[?&]var-(\w+)=", url)) - known
            found += [f"a link sets {name}, which {to[1]} has not" for name in sorted(unknown)]
    return sorted(set(found))


def dead_ends(dashboard: Json) -> list[str]:
    """Whatever names a thing leads to its page, and to what can be done there."""
    return [
        f"panel {panel['id']} names a {end.label} and has no link with {end.to}"
        for panel in promql.each_panel(dashboard)
        for end in ENDS
        if end.label in _named(panel)
        and re.search(end.asked, " ".join(target["expr"] for target in panel["targets"]))
        and not dashboard["uid"].startswith(end.but)
        and not any(end.to in url for url in _urls(panel))
    ]


def _named(panel: Json) -> set[str]:
    """The labels in legends and in the columns of a table."""
    legends = " ".join(target["legendFormat"] for target in panel.get("targets", ()))
    arranged = (each["options"] for each in panel.get("transformations", ()))
    columns = {name for options in arranged for name in options.get("renameByName", ())}
    return {*re.findall(r"{{(\w+)}}", legends), *columns}


def variables(dashboard: Json) -> list[str]:
    """What is used can be chosen, and what can be chosen is used."""
    used = {name for name in USED.findall(json.dumps(dashboard)) if not GIVEN.fullmatch(name)}
    # Grafana puts these into each selector itself.
    known = {v["name"] for v in _variables(dashboard) if v["type"] != "adhoc"}
    # Whoever presses a button is asked for these.
    known |= {part["key"] for part in _objects(dashboard) if "key" in part}
    return [
        *(f"${name} is used and cannot be chosen" for name in sorted(used - known)),
        *(f"${name} can be chosen and is not used" for name in sorted(known - used)),
    ]


def too_many_queries(dashboard: Json) -> list[str]:
    """Of panels, variables and annotations; rows that are closed ask for nothing."""
    of_panels = sum(len(panel.get("targets", ())) for panel in dashboard["panels"])
    of_variables = sum(variable["type"] == "query" for variable in _variables(dashboard))
    asked = of_panels + of_variables + len(dashboard["annotations"]["list"])
    return [f"it asks {asked} things when it opens"] if asked > MOST_QUERIES else []


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


def _variables(dashboard: Json) -> list[Json]:
    listed: list[Json] = dashboard["templating"]["list"]
    return listed


def _urls(part: object) -> Iterator[str]:
    return (inner["url"] for inner in _objects(part) if "url" in inner)


def _objects(part: object) -> Iterator[Json]:
    """Every object in it, itself first."""
    if isinstance(part, dict):
        yield part
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for inner in inside:
        yield from _objects(inner)
