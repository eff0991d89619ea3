"""Rules about the expressions of rules, as functions that name each offender."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import promql_parser as parser

from hyperion_control.domain.machine_states import INTERVALS
from lab import promql

# With fewer scrapes in a window, one that is lost leaves a hole.
SCRAPES_IN_WINDOW = 4
LEAST_WINDOW = timedelta(seconds=max(INTERVALS)) * SCRAPES_IN_WINDOW
OF_COUNTERS = {"rate", "irate", "increase"}
OF_GAUGES = {"deriv", "delta", "idelta", "predict_linear"}
# node_exporter's own names for counters, older than the habit of _total.
COUNTER = re.compile(r"(.*_(total|count|sum|bucket)|node_vmstat_\w+)")
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
# What says of the result only whether it is there.
ASIDE = {"and", "unless"}
LIMIT = "hyperion_limit"
MANY_TO_ONE = parser.VectorMatchCardinality.ManyToOne


@dataclass(frozen=True)
class Rule:
    where: str
    written: dict[str, Any]

    @property
    def alert(self) -> str:
        return str(self.written.get("alert", ""))

    @property
    def labels(self) -> dict[str, str]:
        return self.written.get("labels", {})

    @cached_property
    def tree(self) -> Any:
        return parser.parse(str(self.written["expr"]))


def problems_of_expressions(folder: Path) -> list[str]:
    """All that is wrong in what the rules of a folder ask, in sentences."""
    rules = [
        Rule(f"{file.name}: {written.get('alert') or written.get('record')}", written)
        for file, written in promql.each_rule(folder)
    ]
    alerts = [rule for rule in rules if rule.alert]
    recorded = {rule.written["record"]: rule.tree for rule in rules if not rule.alert}
    return [
        *asked_twice(alerts),
        *(f"{rule.where}: {each}" for rule in rules for each in _of_each(rule)),
        *(f"{rule.where}: {each}" for rule in alerts for each in _of_alert(rule, recorded)),
        *unasked_limits(rules),
    ]


def asked_twice(alerts: list[Rule]) -> list[str]:
    asked: dict[str, str] = {}
    found = []
    for rule in alerts:
        first = asked.setdefault(rule.tree.prettify(), rule.where)
        if first != rule.where:
            found.append(f"{rule.where}: asks the same as {first}")
    return found


def unasked_limits(rules: list[Rule]) -> list[str]:
    """A limit that no alert asks for is mistyped, and holds for nothing."""
    asked = {_limit(each) for rule in rules if rule.alert for each in _limits(rule)}
    return [
        f"{rule.where}: no alert asks for the limit of {rule.labels.get('alert')}"
        for rule in rules
        if rule.written.get("record") == LIMIT
        and (rule.labels.get("alert"), rule.labels.get("severity")) not in asked
    ]


def _of_each(rule: Rule) -> Iterator[str]:
    for call in promql.parts(rule.tree, parser.Call):
        for window in (arg for arg in call.args if isinstance(arg, parser.MatrixSelector)):
            name, counts = window.vector_selector.name, call.func.name in OF_COUNTERS
            if window.range < LEAST_WINDOW:
                yield f"a window of {window.range} is under {LEAST_WINDOW}"
            if counts and not COUNTER.fullmatch(name):
                yield f"{call.func.name} of {name}, which is no counter"
            if call.func.name in OF_GAUGES and COUNTER.fullmatch(name):
                yield f"{call.func.name} of {name}, which is a counter"
    for selector in promql.parts(rule.tree, parser.VectorSelector):
        if selector.name != LIMIT and "job" not in _matched(selector):
            yield f"{selector.name} of any job"
    for each in promql.parts(rule.tree, parser.AggregateExpr):
        if each.modifier is None or each.modifier.type == parser.AggModifierType.By:
            yield f"{each.op} without `without` loses what a machine is called by"


def _of_alert(rule: Rule, recorded: dict[str, Any]) -> Iterator[str]:
    if not promql.parts(rule.tree, parser.VectorSelector):
        return
    if not any(str(each.op) in COMPARISONS for each in promql.parts(rule.tree, parser.BinaryExpr)):
        yield "compares with nothing"
    if promql.parts(rule.tree, parser.MatrixSelector) and not (
        {"for", "keep_firing_for"} & rule.written.keys()
    ):
        yield "asks for a change and neither waits nor stays"
    lost = _lost(rule.tree, recorded)
    for label in sorted(_shown(rule) & lost):
        yield f"shows the label {label}, which is lost"
    for label in sorted((_picked(rule.tree) - lost) & rule.labels.keys()):
        yield f"puts its own {label} in place of the one that it asks for"
    for each in _limits(rule):
        name, severity = _limit(each)
        if name != rule.alert or severity not in (None, rule.labels.get("severity")):
            yield f"asks for the limit of {name} {severity or ''}".rstrip()


def _shown(rule: Rule) -> set[str]:
    texts = " ".join(rule.written.get("annotations", {}).values())
    return set(re.findall(r"\$labels\.(\w+)", texts))


def _lost(tree: Any, recorded: dict[str, Any]) -> set[str]:
    """Labels that the result cannot have, whatever the series have."""
    if isinstance(tree, parser.AggregateExpr):
        return _lost(tree.expr, recorded) | set(tree.modifier.labels if tree.modifier else ())
    if isinstance(tree, parser.BinaryExpr):
        return _lost_between(tree, recorded)
    if isinstance(tree, parser.VectorSelector) and tree.name in recorded:
        return _lost(recorded[tree.name], {})
    return set().union(*(_lost(each, recorded) for each in _below(tree)))


def _lost_between(tree: Any, recorded: dict[str, Any]) -> set[str]:
    left, modifier = _lost(tree.lhs, recorded), tree.modifier
    if str(tree.op) == "or":
        return left | _lost(tree.rhs, recorded)
    if str(tree.op) in ASIDE or modifier is None or modifier.card == MANY_TO_ONE:
        return left
    matching = modifier.matching
    ignored = matching and matching.type == parser.LabelModifierType.Exclude
    return left | set(matching.labels if ignored else ())


def _picked(tree: Any) -> set[str]:
    """Labels by which the series of the result are chosen."""
    if isinstance(tree, parser.VectorSelector):
        return _matched(tree)
    if isinstance(tree, parser.BinaryExpr) and str(tree.op) != "or":
        return _picked(tree.lhs)
    return set().union(*(_picked(each) for each in _below(tree)))


def _below(tree: Any) -> list[Any]:
    if isinstance(tree, parser.Call):
        return list(tree.args)
    if isinstance(tree, parser.BinaryExpr):
        return [tree.lhs, tree.rhs]
    inner = getattr(tree, "expr", None) or getattr(tree, "vector_selector", None)
    return [inner] if inner else []


def _matched(selector: Any) -> set[str]:
    return {each.name for each in selector.matchers.matchers}


def _limits(rule: Rule) -> list[Any]:
    found = promql.parts(rule.tree, parser.VectorSelector)
    return [selector for selector in found if selector.name == LIMIT]


def _limit(selector: Any) -> tuple[str | None, str | None]:
    values = {each.name: each.value for each in selector.matchers.matchers}
    return values.get("alert"), values.get("severity")
