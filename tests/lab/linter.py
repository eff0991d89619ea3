"""Grafana's dashboard-linter, which is no program here: its 17 rules, each naming what offends.

Its file of exclusions, `.lint` beside the dashboards, is read as it reads it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from lab import promql

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[tuple[str, str]]]

WINDOW = "$__rate_interval"
RATES, RISES = ("rate", "irate"), ("rate", "irate", "increase")
UNLINTED = {"row", "text"}
# Of Grafana's list of units, those that we use.
UNITS = {
    "short", "percent", "percentunit", "bytes", "Bps", "pps", "celsius", "hertz", "s", "cps", "ops",
    "reqps", "iops", "rotrpm", "bool_yes_no", "dateTimeFromNow", "string",
}  # fmt: skip


def findings(dashboard: Json, folder: Path) -> list[str]:
    """Sentences that begin with the rule; what `.lint` excludes is left out."""
    excluded = _exclusions(folder / ".lint")
    found = []
    for name, rule in RULES.items():
        for panel, problem in rule(dashboard):
            if (name, dashboard["title"], panel) not in excluded:
                found.append(f"{name}: {panel}: {problem}" if panel else f"{name}: {problem}")
    return found


def _exclusions(file: Path) -> set[tuple[str, str, str]]:
    """Each has a reason, or it is none."""
    if not file.exists():
        return set()
    rules = yaml.safe_load(file.read_text())["exclusions"]
    return {
        (name, entry["dashboard"], entry.get("panel", ""))
        for name, rule in rules.items()
        for entry in rule["entries"]
        if entry.get("reason") or rule.get("reason")
    }


def _panels(dashboard: Json) -> Iterator[Json]:
    return (panel for panel in promql.each_panel(dashboard) if panel["type"] not in UNLINTED)


def _targets(dashboard: Json) -> Iterator[tuple[str, Json]]:
    for panel in _panels(dashboard):
        for target in panel.get("targets", ()):
            yield panel["title"], target


def _readable(dashboard: Json) -> Iterator[tuple[str, Any]]:
    for title, target in _targets(dashboard):
        try:
            yield title, promql_parser.parse(promql.filled(target["expr"]))
        except ValueError:
            continue  # another rule's


def _variable(dashboard: Json, name: str) -> Json:
    listed = dashboard["templating"]["list"]
    return next((variable for variable in listed if variable["name"] == name), {})


def datasource(dashboard: Json) -> Iterator[tuple[str, str]]:
    kinds = [v for v in dashboard["templating"]["list"] if v["type"] == "datasource"]
    if [(v["name"], v["label"], v["query"]) for v in kinds] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "", "not exactly one data source, named datasource and labelled Data source"


def _template(name: str) -> Rule:
    def rule(dashboard: Json) -> Iterator[tuple[str, str]]:
        wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
        variable = _variable(dashboard, name)
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield "", f"{key} is {variable.get(key)}, not {value}"
        if variable.get("datasource", {}).get("uid") != "${datasource}":
            yield "", "it does not ask the data source that is chosen"

    return rule


def template_promql(dashboard: Json) -> Iterator[tuple[str, str]]:
    for variable in dashboard["templating"]["list"]:
        try:
            if asked := promql.series_asked_for(variable):
                promql_parser.parse(promql.filled(asked))
        except ValueError as error:
            yield "", f"${variable['name']}: {error}"


def template_reload(dashboard: Json) -> Iterator[tuple[str, str]]:
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable.get("refresh") != 2:
            yield "", f"${variable['name']} is not asked anew when the time changes"


def panel_datasource(dashboard: Json) -> Iterator[tuple[str, str]]:
    for panel in _panels(dashboard):
        if panel.get("datasource", {}).get("uid") != "${datasource}":
            yield panel["title"], "its data source is not the one that is chosen"


def panel_words(dashboard: Json) -> Iterator[tuple[str, str]]:
    for panel in _panels(dashboard):
        for word in ("title", "description"):
            if not panel.get(word):
                yield panel.get("title", ""), f"it has no {word}"


def panel_units(dashboard: Json) -> Iterator[tuple[str, str]]:
    for panel in _panels(dashboard):
        field = panel["fieldConfig"]
        overrides = [p for o in field["overrides"] for p in o["properties"] if p["id"] == "unit"]
        for unit in [field["defaults"].get("unit"), *(p["value"] for p in overrides)]:
            if unit not in UNITS:
                yield panel["title"], f"its unit is {unit}"


def panel_targets(dashboard: Json) -> Iterator[tuple[str, str]]:
    for panel in _panels(dashboard):
        if not panel.get("targets"):
            yield panel["title"], "it asks for nothing"


def target_promql(dashboard: Json) -> Iterator[tuple[str, str]]:
    for title, target in _targets(dashboard):
        try:
            promql_parser.parse(promql.filled(target["expr"]))
        except ValueError as error:
            yield title, str(error)


def target_logql(dashboard: Json) -> Iterator[tuple[str, str]]:
    """Of the linter's two rules on Loki nothing is left where nobody asks Loki."""
    for title, target in _targets(dashboard):
        if target["datasource"]["type"] != "prometheus":
            yield title, f"it asks {target['datasource']['type']}"


def target_rate_interval(dashboard: Json) -> Iterator[tuple[str, str]]:
    wanted = promql_parser.parse_duration(promql.filled(WINDOW))
    for title, expression in _readable(dashboard):
        for window in _windows(expression, RATES):
            if window != wanted:
                yield title, f"a rate over {window} and not over {WINDOW}"


def _matcher(label: str) -> Rule:
    def rule(dashboard: Json) -> Iterator[tuple[str, str]]:
        for title, expression in _readable(dashboard):
            for selector in promql.parts(expression, promql_parser.VectorSelector):
                if (label, f"${label}") not in _regexes(selector):
                    yield title, f'{selector.name} is not asked for with {label}=~"${label}"'

    return rule


def target_counter(dashboard: Json) -> Iterator[tuple[str, str]]:
    for title, expression in _readable(dashboard):
        selectors = promql.parts(expression, promql_parser.VectorSelector)
        asked = [name for selector in selectors for name in promql.names(selector)]
        risen = [matrix.vector_selector.name for matrix in _matrices(expression, RISES)]
        for name in {name for name in asked if name.endswith("_total")}:
            if risen.count(name) != asked.count(name):
                yield title, f"{name} counts, and is shown without its rate"


def uneditable(dashboard: Json) -> Iterator[tuple[str, str]]:
    if dashboard.get("editable") is not False:
        yield "", "it can be edited"


def _matrices(expression: Any, functions: tuple[str, ...]) -> list[Any]:
    calls = promql.parts(expression, promql_parser.Call)
    named = [call for call in calls if call.func.name in functions]
    inside = [argument for call in named for argument in call.args]
    return [one for one in inside if isinstance(one, promql_parser.MatrixSelector)]


def _windows(expression: Any, functions: tuple[str, ...]) -> list[timedelta]:
    return [matrix.range for matrix in _matrices(expression, functions)]


def _regexes(selector: Any) -> set[tuple[str, str]]:
    matchers = selector.matchers.matchers
    return {(m.name, m.value) for m in matchers if m.op == promql_parser.MatchOp.Re}


RULES: dict[str, Rule] = {
    "template-datasource-rule": datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": template_promql,
    "template-on-time-change-reload-rule": template_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_words,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_targets,
    "target-promql-rule": target_promql,
    "target-logql-rule": target_logql,
    "target-logql-auto-rule": target_logql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": _matcher("job"),
    "target-instance-rule": _matcher("instance"),
    "target-counter-agg-rule": target_counter,
    "uneditable-dashboard": uneditable,
}
