"""What the rules and dashboards ask of Prometheus: expressions, the metrics and windows in them."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser
import yaml

# Grafana's own values stand where PromQL wants a duration.
INTERVAL = "$__rate_interval"


def metrics(expression: str) -> set[str]:
    """Names of the metrics; an expression that is none raises ValueError."""
    found = _parts(expression, promql_parser.VectorSelector)
    return {selector.name for selector in found if selector.name}


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
            # label_values(metric{...}, label) is Grafana's own; only the metric is PromQL.
            asked = re.fullmatch(r"label_values\((.+), *\w+\)", variable["query"]["query"])
            if asked:
                yield f"{file.name}: ${variable['name']}", asked[1]
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace(INTERVAL, "5m")
                yield f"{file.name}: {panel['title']}", expression


def each_rule(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file, rule


def _parts(expression: str, kind: type) -> list[Any]:
    found: list[Any] = []

    def look(part: promql_parser.Expr) -> None:
        if isinstance(part, kind):
            found.append(part)

    promql_parser.walk(promql_parser.parse(expression), look)
    return found
