"""What all dashboards are built from: queries, panels, a variable, the grid.

Plain dictionaries in the form that Grafana 9.5 to 13 read: newer servers raise an older schema,
none lowers a newer one.
"""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

PROMETHEUS: Json = {"type": "prometheus", "uid": "hyperion-prometheus"}
SCHEMA = 39
COLUMNS = 24
HEIGHT = 8
TAG = "hyperion"


def query(expression: str, legend: str) -> Json:
    return {"datasource": PROMETHEUS, "expr": expression, "legendFormat": legend, "range": True}


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Json,
    least: float | None = 0,
    most: float | None = None,
) -> Json:
    """Lines over time; `least` and `most` are the ends of the axis where they are known."""
    limits = {name: value for name, value in (("min", least), ("max", most)) if value is not None}
    return {
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": PROMETHEUS,
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                **limits,
                "custom": {"fillOpacity": 10, "lineWidth": 1, "showPoints": "never"},
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [{"refId": chr(ord("A") + place), **one} for place, one in enumerate(queries)],
    }


def choice(name: str, label: str, expression: str) -> Json:
    """A variable of which people choose one value, out of what Prometheus knows."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": PROMETHEUS,
        "definition": expression,
        "query": {"query": expression, "refId": name},
        "refresh": 2,  # whenever the time range changes: machines come and go
        "sort": 1,
        "multi": False,
        "includeAll": False,
    }


def dashboard(
    uid: str, title: str, description: str, lines: Sequence[Sequence[Json]], *variables: Json
) -> Json:
    """Lines of panels from top to bottom; the panels of a line share its width."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "links": [_neighbours()],
        "templating": {"list": list(variables)},
        "annotations": {"list": []},
        "panels": _placed(lines),
    }


def _neighbours() -> Json:
    return {
        "type": "dashboards",
        "title": "Hyperion",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _placed(lines: Sequence[Sequence[Json]]) -> list[Json]:
    panels: list[Json] = []
    for row, line in enumerate(lines):
        width = COLUMNS // len(line)
        for column, panel in enumerate(line):
            place = {"x": column * width, "y": row * HEIGHT, "w": width, "h": HEIGHT}
            panels.append({"id": len(panels) + 1, **panel, "gridPos": place})
    return panels
