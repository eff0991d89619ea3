"""What the rules and dashboards ask of Prometheus: expressions, the metrics and windows in them."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

# Grafana's own values stand where PromQL wants a duration or a number; here is what it may put.
GRAFANA = {"$__rate_interval": "4m", "$__range": "6h", "$__from": "0", "$__to": "9e15"}


def metrics(expression: str) -> set[str]:
    """Names of the metrics; an expression that is none raises ValueError."""
    found = _parts(expression, promql_parser.VectorSelector)
    return {name for selector in found for name in names(selector)}


def names(selector: Any) -> list[str]:
    """One, or those that stand side by side in a regular expression on the name."""
    matchers = selector.matchers.matchers
    listed = [m.value for m in matchers if m.name == "__name__"]
    return [selector.name] if selector.name else "|".join(listed).split("|")


def windows(expression: str) -> list[timedelta]:
    return [matrix.range for matrix in _parts(expression, promql_parser.MatrixSelector)]


def recorded(rules: Path) -> set[str]:
    return {rule["record"] for _, rule in each_rule(rules) if "record" in rule}


def metrics_named(rules: Path, dashboards: Path) -> dict[str, str]:
    """Each metric that a rule or dashboard asks for, and one place where it does."""
    asked = [*expressions_of_rules(rules), *expressions_of_dashboards(dashboards)]
    return {name: where for where, expression in asked for name in sorted(metrics(expression))}


def expressions_of_rules(folder: Path) -> Iterator[tuple[str, str]]:
    for file, rule in each_rule(folder):
        yield f"{file.name}: {rule.get('alert') or rule.get('record')}", str(rule["expr"])


def expressions_of_dashboards(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.json")):
        dashboard = json.loads(file.read_text())
        for variable in dashboard["templating"]["list"]:
            if asked := series_asked_for(variable):
                yield f"{file.name}: ${variable['name']}", filled(asked)
        for drawn in dashboard["annotations"]["list"]:
            yield f"{file.name}: annotation {drawn['name']}", filled(drawn["expr"])
        for panel in each_panel(dashboard):
            for target in panel.get("targets", ()):
                yield f"{file.name}: {panel['title']}", filled(target["expr"])


def each_panel(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows and what is in them too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def series_asked_for(variable: dict[str, Any]) -> str:
    """label_values(series, label) and query_result(series) are Grafana's own; series are PromQL."""
    if variable["type"] != "query":
        return ""
    asked = variable["query"]["query"]
    found = re.fullmatch(r"label_values\((.+), *\w+\)|query_result\((.+)\)", asked)
    if not found:
        raise ValueError(f"${variable['name']} asks neither for labels nor for a result: {asked}")
    return found[1] or found[2]


def filled(expression: str) -> str:
    for name, value in GRAFANA.items():
        expression = re.sub(rf"{re.escape(name)}\b", value, expression)
    return expression


def each_rule(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.glob("*.yml")):
        for group in read(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file, rule


@cache
def read(text: str) -> Any:
    """Once for each text: these files are long, and asked for again and again."""
    return yaml.load(text, yaml.CSafeLoader)


def parts(parsed: promql_parser.Expr, kind: type) -> list[Any]:
    """All of a kind in what was parsed, from the outside inwards."""
    found: list[Any] = []

    def look(part: promql_parser.Expr) -> None:
        if isinstance(part, kind):
            found.append(part)

    promql_parser.walk(parsed, look)
    return found


def _parts(expression: str, kind: type) -> list[Any]:
    return parts(promql_parser.parse(expression), kind)
