"""Rules about alert rules, as functions that name each offender."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import promql
from lab.expressions import problems_of_expressions

SEVERITIES = {"critical", "warning", "info"}
ANNOTATIONS = ("summary", "description", "runbook_url", "dashboard_url")
HEADINGS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
RUNBOOK = "{{ $externalLabels.hyperion_url }}/runbooks/"
DASHBOARD = "{{ $externalLabels.grafana_url }}/d/"
OF_A_MACHINE = {"hyperion-machine", "hyperion-windows"}
THAT_MACHINE = "?var-instance={{ $labels.instance | urlquery }}"
ITS_DASHBOARDS = {DASHBOARD + uid + THAT_MACHINE for uid in OF_A_MACHINE}
# What a machine's page of actions can show first; a unit is a name, or the alert's own label.
ACTION = re.compile(
    re.escape(
        "{{ $externalLabels.hyperion_url }}/act?machine={{ $labels.machine | urlquery }}"
        "&org={{ $labels.org | urlquery }}&action="
    )
    + r"(disk|logs|machine|network|processes|updates"
    r"|services(&unit=([\w.-]+|\{\{ \$labels\.name \| urlquery \}\}))?)"
)


@dataclass(frozen=True)
class Alert:
    subject: str
    name: str
    expression: str
    severity: str
    kind: str
    annotations: dict[str, str]


def problems_of_rules(room: Path, tests: Path, dashboards: Path) -> list[str]:
    """All that is wrong in prometheus/, its tests and its links, in sentences."""
    alerts = list(_alerts(room / "rules"))
    return [
        *misnamed(room / "rules"),
        *incomplete(alerts),
        *twice(alerts),
        *bad_links(alerts, dashboards),
        *bad_actions(alerts),
        *bad_runbooks(alerts, room / "runbooks"),
        *problems_of_expressions(room / "rules"),
        *untested(alerts, tests),
    ]


def misnamed(rules: Path) -> list[str]:
    """Groups are called after their file: records first, then alerts, each in one or more."""
    found = []
    for file in sorted(rules.glob("*.yml")):
        groups = promql.read(file.read_text())["groups"]
        kinds = {"records": "record", "alerts": "alert"}
        ours = [f"{file.stem}.{kind}" for kind in kinds]
        names = [group["name"] for group in groups]
        # Where there are several of a kind, a third word tells them apart.
        kinds_there = list(dict.fromkeys(".".join(name.split(".")[:2]) for name in names))
        if kinds_there not in (ours, ours[:1], ours[1:]):
            found.append(f"{file.name}: groups are {names}, not {ours}")
            continue
        for group in groups:
            kind = kinds[group["name"].split(".")[1]]
            found += [f"{group['name']}: {rule}" for rule in group["rules"] if kind not in rule]
    return found


def incomplete(alerts: list[Alert]) -> list[str]:
    found = []
    for alert in alerts:
        if not re.fullmatch(r"([A-Z][a-z0-9]+)+", alert.name):
            found.append(f"{alert.name}: not CamelCase")
        if alert.severity not in SEVERITIES:
            found.append(f"{alert.name}: severity is {alert.severity or 'missing'}")
        if alert.kind != alert.subject:
            found.append(f"{alert.name}: class is not {alert.subject}, after its file")
        found += [f"{alert.name}: no {key}" for key in ANNOTATIONS if key not in alert.annotations]
        if "{{" in alert.annotations.get("summary", ""):
            found.append(f"{alert.name}: the summary is not the same for all")
    return found


def twice(alerts: list[Alert]) -> list[str]:
    seen = [(alert.name, alert.severity) for alert in alerts]
    return [
        f"{name}: {how} twice" for name, how in sorted(set(seen)) if seen.count((name, how)) > 1
    ]


def bad_links(alerts: list[Alert], dashboards: Path) -> list[str]:
    """To the runbook of the alert; to that machine's dashboard, or to another that exists."""
    uids = {file.stem for file in dashboards.glob("*.json")}
    allowed = {DASHBOARD + uid for uid in uids - OF_A_MACHINE} | ITS_DASHBOARDS
    found = []
    for alert in alerts:
        runbook = alert.annotations.get("runbook_url")
        if runbook and runbook != RUNBOOK + alert.name:
            found.append(f"{alert.name}: runbook_url is {runbook}")
        dashboard = alert.annotations.get("dashboard_url")
        if dashboard and dashboard not in allowed:
            found.append(f"{alert.name}: dashboard_url is {dashboard}")
    return found


def bad_actions(alerts: list[Alert]) -> list[str]:
    """An alert about a machine leads to what can be done there; others have no such page."""
    found = []
    for alert in alerts:
        action = alert.annotations.get("action_url", "")
        if alert.annotations.get("dashboard_url") in ITS_DASHBOARDS:
            if not ACTION.fullmatch(action):
                found.append(f"{alert.name}: action_url is {action or 'missing'}")
        elif action:
            found.append(f"{alert.name}: action_url, but it is about no machine")
    return found


def bad_runbooks(alerts: list[Alert], runbooks: Path) -> list[str]:
    pages = {file.stem: file.read_text().splitlines() for file in runbooks.glob("*.md")}
    names = {alert.name for alert in alerts}
    found = [f"{name}: no runbook" for name in sorted(names - set(pages))]
    found += [f"{name}: a runbook without an alert" for name in sorted(set(pages) - names)]
    for name, lines in sorted(pages.items()):
        if lines[:1] != [f"# {name}"] or [li for li in lines if li.startswith("## ")] != HEADINGS:
            found.append(f"{name}: the runbook's headings are not {HEADINGS}")
    return found


def untested(alerts: list[Alert], tests: Path) -> list[str]:
    """Each alert fires, stays quiet, and fires for one of several instances and not the others.

    One that asks for no metric cannot be quiet, nor be about a machine.
    """
    found = []
    for alert in alerts:
        cases = list(_cases(tests / f"{alert.subject}.yml", alert.name))
        fired = [case for case in cases if alert.severity in case.fired]
        wanted = {f"fires as {alert.severity}": bool(fired)}
        if promql.metrics(alert.expression):
            wanted["stays quiet"] = any(not case.fired for case in cases)
            wanted["spares a second machine"] = any(case.spared for case in fired)
        found += [
            f"{alert.name}: no test in which it {what}" for what in wanted if not wanted[what]
        ]
    return found


@dataclass(frozen=True)
class _Case:
    """What one group of promtool's tests says of an alert."""

    fired: set[str]  # as which severities
    spared: set[str]  # instances of the input for which it does not fire


def _cases(file: Path, alert: str) -> Iterator[_Case]:
    for group in promql.read(file.read_text())["tests"] if file.exists() else ():
        asked = [one for one in group.get("alert_rule_test", ()) if one["alertname"] == alert]
        fired = [one["exp_labels"] for case in asked for one in case.get("exp_alerts") or ()]
        series = " ".join(one["series"] for one in group.get("input_series", ()))
        instances = set(re.findall(r'instance="([^"]+)"', series))
        if asked:
            yield _Case(
                fired={labels["severity"] for labels in fired},
                spared=instances - {labels.get("instance") for labels in fired},
            )


def _alerts(rules: Path) -> Iterator[Alert]:
    for file, rule in promql.each_rule(rules):
        if "alert" in rule:
            yield Alert(
                subject=file.stem,
                name=rule["alert"],
                expression=str(rule["expr"]),
                severity=rule.get("labels", {}).get("severity", ""),
                kind=rule.get("labels", {}).get("class", ""),
                annotations=rule.get("annotations", {}),
            )
