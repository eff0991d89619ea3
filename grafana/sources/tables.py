"""Tables: a row for each machine, disk or unit, a column for each question about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sources.panels import worded
from sources.queries import DATASOURCE, Json, lettered, rows

# What the numbers of hyperion_smart_verdict mean.
VERDICTS = {0: "ok", 1: "watch", 2: "warn", 3: "fail"}


@dataclass(frozen=True)
class Label:
    """A column that names the thing, out of a label."""

    name: str
    title: str
    links: Sequence[Json] = ()
    width: int = 0


@dataclass(frozen=True)
class Number:
    """A column out of a query of its own."""

    title: str
    expression: str
    unit: str
    limits: Json | None = None
    words: Mapping[int, str] = field(default_factory=dict)
    links: Sequence[Json] = ()


def table(
    title: str,
    description: str,
    labels: Sequence[Label],
    numbers: Sequence[Number],
    *,
    first: str,
    falling: bool = True,
) -> Json:
    """`first` is the column by which rows are sorted: what needs people comes on top."""
    asked = tuple(rows(number.expression, number.title) for number in numbers)
    return {
        "type": "table",
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "color": {"mode": "thresholds"},
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
            },
            "overrides": [*map(_of_label, labels), *map(_of_number, numbers)],
        },
        "options": {"showHeader": True, "sortBy": [{"displayName": first, "desc": falling}]},
        "transformations": [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": _arranged(labels, numbers)},
        ],
        "targets": lettered(asked),
    }


def _arranged(labels: Sequence[Label], numbers: Sequence[Number]) -> Json:
    # Grafana calls the values of one query "Value", and of several "Value #A", "Value #B".
    letters = [f"Value #{chr(ord('A') + place)}" for place in range(len(numbers))]
    values = letters if len(numbers) > 1 else ["Value"]
    names = [label.name for label in labels] + values
    titles = [label.title for label in labels] + [number.title for number in numbers]
    return {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": dict(zip(names, titles, strict=True)),
    }


def _of_label(label: Label) -> Json:
    # Or a label of digits, such as a pid, is written as a number: 12.3 K, in its link too.
    properties: list[Json] = [{"id": "unit", "value": "string"}]
    if label.links:
        properties.append({"id": "links", "value": list(label.links)})
    if label.width:
        properties.append({"id": "custom.width", "value": label.width})
    return _override(label.title, properties)


def _of_number(number: Number) -> Json:
    properties: list[Json] = [{"id": "unit", "value": number.unit}]
    if number.words:
        properties.append({"id": "mappings", "value": worded(number.words)})
    if number.limits:
        coloured = {"type": "color-background", "mode": "basic"}
        properties += [
            {"id": "thresholds", "value": number.limits},
            {"id": "custom.cellOptions", "value": coloured},
        ]
    if number.links:
        properties.append({"id": "links", "value": list(number.links)})
    return _override(number.title, properties)


def _override(column: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": column}, "properties": properties}
