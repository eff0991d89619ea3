"""The rules load, do what their tests say, and keep the house's form."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lab import programs, promql, rules
from lab.house import ROOT

ROOM = ROOT / "prometheus"
TESTS = ROOT / "tests" / "prometheus"
DASHBOARDS = ROOT / "grafana" / "dashboards"
VERSIONS = ("2.42", "2.53", "3.5")
# Between these two the language changed; 2.53 speaks that of 2.42.
LANGUAGES = ("2.42", "3.5")
NAME = r"\b(?:[A-Z][a-z0-9]+){2,}\b"


def promtool(version: str, *arguments: str | Path) -> None:
    argv = [programs.program("promtool", version), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_prometheus_takes_the_configuration_and_every_rule(version: str, tmp_path: Path) -> None:
    # It looks for the file of the token, which only the worker makes.
    (tmp_path / "sd_token").write_text("hyp_x")
    text = (ROOM / "prometheus.yml").read_text()
    for here, there in (("/etc/prometheus/secrets", tmp_path), (" rules/", f" {ROOM}/rules/")):
        text = text.replace(here, str(there))
    (tmp_path / "prometheus.yml").write_text(text)
    promtool(version, "check", "config", tmp_path / "prometheus.yml")
    files = sorted((ROOM / "rules").glob("*.yml"))
    promtool(version, "check", "rules", "--lint=all", "--lint-fatal", *files)


@pytest.mark.parametrize("version", LANGUAGES)
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
    "disk.yml: groups are ['io', 'disk.alerts'], not ['disk.records', 'disk.alerts']": (
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
        'description: "{{ $labels.machine }} has not answered',
        'text: "{{ $labels.machine }} has not answered',
    ),
    "MachineDown: the summary is not the same for all": (
        "prometheus/rules/watch.yml",
        "summary: A machine does not answer.",
        'summary: "{{ $labels.machine }} does not answer."',
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
    "CollectorFailed: dashboard_url is {{ $externalLabels.grafana_url }}/d/hyperion-machine": (
        "prometheus/rules/watch.yml",
        "hyperion-machine?var-instance={{ $labels.instance | urlquery }}",
        "hyperion-machine",
    ),
    "CpuBusy: class is not cpu, after its file": (
        "prometheus/rules/cpu.yml",
        "class: cpu",
        "class: processors",
    ),
    "RaidDegraded: action_url is missing": (
        "prometheus/rules/raid.yml",
        "          action_url:",
        "          other_url:",
    ),
    "ServiceFailed: action_url is {{ $externalLabels.hyperion_url }}/act"
    "?machine={{ $labels.machine | urlquery }}&org={{ $labels.org | urlquery }}"
    "&action=services&unit={{ $labels.name }}": (
        "prometheus/rules/services.yml",
        "unit={{ $labels.name | urlquery }}",
        "unit={{ $labels.name }}",
    ),
    "DatabaseDown: action_url, but it is about no machine": (
        "prometheus/rules/watch.yml",
        "          summary: The database",
        "          action_url: https://example.com\n          summary: The database",
    ),
    "CpuBusy: the runbook's headings are not "
    "['## Meaning', '## Impact', '## Diagnosis', '## Mitigation']": (
        "prometheus/runbooks/CpuBusy.md",
        "## Diagnosis",
        "## What to look at",
    ),
    "memory.yml: instance:node_vmstat_pgmajfault:rate5m: a window of 0:00:45 is under 0:04:00": (
        "prometheus/rules/memory.yml",
        'rate(node_vmstat_pgmajfault{job="node"}[5m])',
        'rate(node_vmstat_pgmajfault{job="node"}[45s])',
    ),
    "cpu.yml: instance:node_load1_per_cpu:ratio: rate of node_load1, which is no counter": (
        "prometheus/rules/cpu.yml",
        'expr: node_load1{job="node"}',
        'expr: rate(node_load1{job="node"}[5m])',
    ),
    "capacity.yml: FilesystemFillsUp: predict_linear of node_disk_written_bytes_total,"
    " which is a counter": (
        "prometheus/rules/capacity.yml",
        'predict_linear(node_filesystem_avail_bytes{job="node"}[6h]',
        'predict_linear(node_disk_written_bytes_total{job="node"}[6h]',
    ),
    "raid.yml: RaidDiskFailed: node_md_disks of any job": (
        "prometheus/rules/raid.yml",
        'node_md_disks{job="node", state="failed"}',
        'node_md_disks{state="failed"}',
    ),
    "events.yml: ProgramCrashed: sum without `without` loses what a machine is called by": (
        "prometheus/rules/events.yml",
        "sum without (source, level, class) (",
        "sum by (org, machine, instance) (",
    ),
    "raid.yml: RaidDiskFailed: compares with nothing": (
        "prometheus/rules/raid.yml",
        'state="failed"} > 0',
        'state="failed"}',
    ),
    "events.yml: ProgramCrashed: asks for a change and neither waits nor stays": (
        "prometheus/rules/events.yml",
        "        keep_firing_for: 15m\n",
        "",
    ),
    "services.yml: ServiceRestarting: shows the label name, which is lost": (
        "prometheus/rules/services.yml",
        'increase(node_systemd_service_restart_total{job="node"}[15m]) > 5',
        'sum without (name) (increase(node_systemd_service_restart_total{job="node"}[15m])) > 5',
    ),
    "raid.yml: RaidDegraded: shows the label device, which is lost": (
        "prometheus/rules/raid.yml",
        "- ignoring (state)",
        "- ignoring (state, device)",
    ),
    "services.yml: ServiceTasksAlmostOut: shows the label name, which is lost": (
        "prometheus/rules/services.yml",
        'expr: node_systemd_unit_tasks_current{job="node"} /',
        'expr: sum without (name) (node_systemd_unit_tasks_current{job="node"}) /',
    ),
    "events.yml: ProgramCrashed: puts its own class in place of the one that it asks for": (
        "prometheus/rules/events.yml",
        "sum without (source, level, class) (",
        "sum without (source, level) (",
    ),
    "watch.yml: TargetDown: asks the same as watch.yml: MachineDown": (
        "prometheus/rules/watch.yml",
        'up{job!="node"} == 0',
        'up{job="node"} == 0',
    ),
    "cpu.yml: CpuBusy: asks for the limit of CpuBusier": (
        "prometheus/rules/cpu.yml",
        'hyperion_limit{alert="CpuBusy"}',
        'hyperion_limit{alert="CpuBusier"}',
    ),
    "limits.yml: hyperion_limit: no alert asks for the limit of CpuBussy": (
        "prometheus/rules/limits.yml",
        "alert: CpuBusy",
        "alert: CpuBussy",
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


def test_every_command_of_a_runbook_can_be_read_by_a_shell() -> None:
    for page in (ROOM / "runbooks").glob("*.md"):
        commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.M))
        assert commands, f"{page.name} has none"
        done = subprocess.run(["bash", "-n"], input=commands, capture_output=True, text=True)
        assert (done.stderr, done.returncode) == ("", 0), page.name


def test_the_guide_names_each_alert_that_asks_for_a_limit_and_no_alert_that_is_not() -> None:
    guide = (ROOT / "docs" / "rules.md").read_text()
    alerts = [rule for _, rule in promql.each_rule(ROOM / "rules") if "alert" in rule]
    table = guide[guide.index("| alert | limit of |") : guide.index("To be left alone")]
    asking = {rule["alert"] for rule in alerts if "hyperion_limit" in rule["expr"]}
    assert set(re.findall(NAME, table)) == asking
    ours = " ".join(line.split("|")[2] for line in guide.splitlines() if line.startswith("| "))
    assert set(re.findall(NAME, ours)) - {rule["alert"] for rule in alerts} == set()
