"""The rules load, do what their tests say, and keep the house's form."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lab import programs, rules
from lab.house import ROOT

ROOM = ROOT / "prometheus"
TESTS = ROOT / "tests" / "prometheus"
DASHBOARDS = ROOT / "grafana" / "dashboards"
VERSIONS = ("2.42", "2.53", "3.5")


def promtool(version: str, *arguments: str | Path) -> None:
    argv = [programs.program("promtool", version), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_prometheus_takes_the_configuration_and_every_rule(version: str) -> None:
    promtool(version, "check", "config", ROOM / "prometheus.yml")
    files = sorted((ROOM / "rules").glob("*.yml"))
    promtool(version, "check", "rules", "--lint=all", "--lint-fatal", *files)


@pytest.mark.parametrize("version", VERSIONS)
def test_rules_record_and_alert_as_their_tests_say(version: str) -> None:
    promtool(version, "test", "rules", *sorted(TESTS.glob("*.yml")))


def test_addresses_for_links_never_become_labels_of_alerts() -> None:
    config = yaml.safe_load((ROOM / "prometheus.yml").read_text())
    (drop,) = config["alerting"]["alert_relabel_configs"]
    assert drop["action"] == "labeldrop"
    labels = config["global"]["external_labels"]
    assert [name for name in labels if not re.fullmatch(drop["regex"], name)] == []


def test_rules_runbooks_links_and_tests_are_complete() -> None:
    assert rules.problems_of_rules(ROOM, TESTS, DASHBOARDS) == []


# Each is a fault that somebody could make: in which file, what stands there, what instead.
PLANTED = {
    "cpu.records: {'alert': 'Odd', 'expr': 1}": (
        "prometheus/rules/cpu.yml",
        "  - name: cpu.alerts",
        "      - {alert: Odd, expr: 1}\n  - name: cpu.alerts",
    ),
    "disk.yml: groups are ['io'], not ['disk.records', 'disk.alerts']": (
        "prometheus/rules/disk.yml",
        "name: disk.records",
        "name: io",
    ),
    "Cpu_busy: not CamelCase": ("prometheus/rules/cpu.yml", "alert: CpuBusy", "alert: Cpu_busy"),
    "CpuBusy: severity is page": (
        "prometheus/rules/cpu.yml",
        "severity: info",
        "severity: page",
    ),
    "MachineDown: no description": (
        "prometheus/rules/watch.yml",
        'description: "{{ $labels.instance }} has not answered',
        'text: "{{ $labels.instance }} has not answered',
    ),
    "MachineDown: the summary is not the same for all": (
        "prometheus/rules/watch.yml",
        "summary: A machine does not answer.",
        'summary: "{{ $labels.instance }} does not answer."',
    ),
    "FilesystemAlmostFull: warning twice": (
        "prometheus/rules/filesystem.yml",
        "severity: critical",
        "severity: warning",
    ),
    "CpuBusy: runbook_url is {{ $externalLabels.hyperion_url }}/runbooks/Cpu": (
        "prometheus/rules/cpu.yml",
        "/runbooks/CpuBusy",
        "/runbooks/Cpu",
    ),
    "TargetDown: dashboard_url is {{ $externalLabels.grafana_url }}/d/hyperion-parts": (
        "prometheus/rules/watch.yml",
        "/d/hyperion-itself",
        "/d/hyperion-parts",
    ),
    "MachineDown: dashboard_url is {{ $externalLabels.grafana_url }}/d/hyperion-machine": (
        "prometheus/rules/watch.yml",
        'hyperion-machine?var-instance={{ $labels.instance | urlquery }}"\n\n      # Critical',
        'hyperion-machine"\n\n      # Critical',
    ),
    "CpuBusy: the runbook's headings are not "
    "['## Meaning', '## Impact', '## Diagnosis', '## Mitigation']": (
        "prometheus/runbooks/CpuBusy.md",
        "## Diagnosis",
        "## What to look at",
    ),
    "memory.yml: instance:node_vmstat_pgmajfault:rate5m: a window of 0:00:45 is under 0:01:00": (
        "prometheus/rules/memory.yml",
        'rate(node_vmstat_pgmajfault{job="node"}[5m])',
        'rate(node_vmstat_pgmajfault{job="node"}[45s])',
    ),
    "CpuBusy: no test in which it fires as critical": (
        "prometheus/rules/cpu.yml",
        "severity: info",
        "severity: critical",
    ),
    "CpuBusy: no test in which it stays quiet": (
        "tests/prometheus/cpu.yml",
        "- eval_time: 30m\n        alertname: CpuBusy",
        "- eval_time: 30m\n        alertname: CpuIdle",
    ),
    "CpuBusy: no test in which it spares a second machine": (
        "tests/prometheus/cpu.yml",
        "db-1:9100",
        "web-7:9100",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for room in (ROOM, TESTS, DASHBOARDS):
        shutil.copytree(room, tmp_path / room.relative_to(ROOT))
    return tmp_path


def problems(root: Path) -> list[str]:
    rooms = (root / folder.relative_to(ROOT) for folder in (ROOM, TESTS, DASHBOARDS))
    return rules.problems_of_rules(*rooms)


@pytest.mark.parametrize("problem", PLANTED)
def test_a_planted_fault_is_named(problem: str, copy: Path) -> None:
    name, right, wrong = PLANTED[problem]
    text = (copy / name).read_text()
    assert right in text
    (copy / name).write_text(text.replace(right, wrong))
    assert problem in problems(copy)


def test_an_alert_without_runbook_and_a_runbook_without_alert_are_named(copy: Path) -> None:
    runbooks = copy / "prometheus" / "runbooks"
    (runbooks / "CpuBusy.md").rename(runbooks / "CpuIdle.md")
    found = problems(copy)
    assert "CpuBusy: no runbook" in found
    assert "CpuIdle: a runbook without an alert" in found


def test_an_alert_without_any_test_is_named(copy: Path) -> None:
    (copy / "tests" / "prometheus" / "memory.yml").unlink()
    assert "MemoryRanOut: no test in which it fires as warning" in problems(copy)
