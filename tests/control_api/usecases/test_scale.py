"""What the profile scale starts from: Prometheus' rules and jobs, as its programs take them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from hyperion_control.usecases import scale, stack
from lab import programs

PUBLIC = "https://watch.example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prometheus").mkdir()
    config = stack.prometheus(yaml.safe_load(stack.BASE.read_text()), PUBLIC, 1)
    scale.furnish(tmp_path, config, PUBLIC)
    return tmp_path


def test_the_agent_takes_its_configuration_and_scrapes_whatever_prometheus_did(
    folder: Path,
) -> None:
    file, base = folder / "prometheus/agent.yml", yaml.safe_load(stack.BASE.read_text())
    text = file.read_text().replace("/etc/prometheus/secrets/sd_token", str(file))
    file.write_text(text)
    argv = [programs.program("promtool", "3.5"), "check", "config", "--agent", file]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    assert said.returncode == 0, said.stderr
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    assert set(jobs) == {job["job_name"] for job in base["scrape_configs"]} | set(scale.PROGRAMS)
    assert jobs["prometheus"]["static_configs"] == [{"targets": ["prometheus-agent:9090"]}]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("increase(errors_total[5m]) > 0", "increase_prometheus(errors_total[5m]) > 0"),
        ("sum(delta (x[5m]))", "sum(delta_prometheus (x[5m]))"),
        ("changes(x[1h])", "changes_prometheus(x[1h])"),
        ("idelta(x[5m]) + rate(y[5m])", "idelta(x[5m]) + rate(y[5m])"),
        ("my_increase(x)", "my_increase(x)"),
        ("an increase of changes", "an increase of changes"),
        ('"{{ $externalLabels.hyperion_url }}/runbooks/X"', f'"{PUBLIC}/runbooks/X"'),
        ('"{{$externalLabels.grafana_url}}/d/y"', f'"{PUBLIC}/grafana/d/y"'),
        ('"{{ $externalLabels.other }}{{ $labels.org }}"', '"{{ $labels.org }}"'),
    ],
)
def test_only_links_and_functions_of_another_meaning_are_others_in_a_rule(
    there: str, here: str
) -> None:
    assert scale.rules(there, PUBLIC) == here


def test_every_rule_is_there_and_names_no_external_label(folder: Path) -> None:
    written = {file.name: file.read_text() for file in (folder / "vmalert").iterdir()}
    assert set(written) == {file.name for file in scale.RULES.glob("*.yml")}
    assert [name for name, text in written.items() if "externalLabels" in text] == []


def test_a_rule_file_that_is_gone_is_judged_by_no_more(folder: Path) -> None:
    (folder / "vmalert/gone.yml").write_text("groups: []\n")
    scale.furnish(folder, yaml.safe_load(stack.BASE.read_text()), PUBLIC)
    assert not (folder / "vmalert/gone.yml").exists()
