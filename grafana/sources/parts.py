"""How panels become a dashboard: the grid, the rows that open with a click, the frame around.

Plain dictionaries in the form that Grafana 9.5 to 13 read: newer servers raise an older schema,
none lowers a newer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sources.annotations import annotations
from sources.links import neighbours
from sources.queries import Json
from sources.scope import Scope

SCHEMA = 39
COLUMNS = 24
HEIGHT = 8
TAG = "hyperion"


@dataclass(frozen=True)
class Line:
    """Panels beside each other, which share the width."""

    panels: tuple[Json, ...]
    height: int = HEIGHT


@dataclass(frozen=True)
class Row:
    """A line of text that opens with a click; until then nothing in it is asked for."""

    title: str
    lines: tuple[Line, ...]


def line(*panels: Json, height: int = HEIGHT) -> Line:
    return Line(panels, height)


def row(title: str, *lines: Line) -> Row:
    return Row(title, lines)


def dashboard(
    uid: str,
    title: str,
    description: str,
    scope: Scope,
    variables: Sequence[Json],
    *content: Line | Row,
    since: str = "now-6h",
) -> Json:
    """From top to bottom."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": since, "to": "now"},
        "timezone": "",
        "links": neighbours(TAG),
        "templating": {"list": list(variables)},
        "annotations": {"list": annotations(scope)},
        "panels": _numbered(_placed(content)),
    }


def _placed(content: Sequence[Line | Row], y: int = 0) -> list[Json]:
    panels: list[Json] = []
    for part in content:
        if isinstance(part, Row):
            panels.append(_closed(part, y))
            y += 1
        else:
            panels += _beside(part, y)
            y += part.height
    return panels


def _closed(row: Row, y: int) -> Json:
    return {
        "type": "row",
        "title": row.title,
        "collapsed": True,
        "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
        "panels": _placed(row.lines, y + 1),
    }


def _beside(line: Line, y: int) -> list[Json]:
    width = COLUMNS // len(line.panels)
    return [
        {**panel, "gridPos": {"x": column * width, "y": y, "w": width, "h": line.height}}
        for column, panel in enumerate(line.panels)
    ]


def _numbered(panels: list[Json], first: int = 1) -> list[Json]:
    """Every panel has a number of its own, those in rows too."""
    numbered = []
    for panel in panels:
        inside = _numbered(panel.get("panels", []), first + 1)
        numbered.append({"id": first, **panel, **({"panels": inside} if inside else {})})
        first += 1 + len(inside)
    return numbered
