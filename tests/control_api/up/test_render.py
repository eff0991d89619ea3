"""The committed configuration with loopback in place of the names under Compose."""

from pathlib import Path

import yaml

from hyperion_control.up.plan import Ports, Settings
from hyperion_control.up.render import render, replaced

HOUSE = Path(__file__).parents[3]
PORTS = Ports(exporter=1001, control=1002, prometheus=1003, alertmanager=1004, grafana=1005)


def test_every_address_of_the_committed_files_becomes_one_of_loopback(tmp_path: Path) -> None:
    render(Settings(HOUSE, Path("/bin"), tmp_path, PORTS))
    config = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    targets = {
        target
        for job in config["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    assert targets == {f"127.0.0.1:{port}" for port in (1001, 1002, 1003, 1004)}
    told = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert told == ["127.0.0.1:1004"]
    links = config["global"]["external_labels"]
    assert links["hyperion_url"] == "http://127.0.0.1:1002"
    assert links["grafana_url"] == "http://127.0.0.1:1005"


def test_rules_are_found_from_anywhere(tmp_path: Path) -> None:
    render(Settings(HOUSE, Path("/bin"), tmp_path, Ports()))
    config = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    assert config["rule_files"] == [str(HOUSE / "prometheus/rules/*.yml")]


def test_what_is_no_address_stays_as_it_is() -> None:
    kept = {"interval": "15s", "count": 3, "on": True, "none": None, "list": ["a", 1.5]}
    assert replaced(kept, {"exporter:9100": "127.0.0.1:1"}) == kept


def test_a_second_run_takes_up_what_changed(tmp_path: Path) -> None:
    for port in (1001, 2001):
        render(Settings(HOUSE, Path("/bin"), tmp_path, Ports(exporter=port)))
    assert "127.0.0.1:2001" in (tmp_path / "prometheus/prometheus.yml").read_text()
