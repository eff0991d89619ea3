"""The committed configuration with loopback in place of the names under Compose."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from hyperion_control.up import plan
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
        for static in job.get("static_configs", ())
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


def scraped(folder: Path) -> dict[str, dict[str, Any]]:
    config = yaml.safe_load((folder / "prometheus/prometheus.yml").read_text())
    return {job["job_name"]: job for job in config["scrape_configs"]}


def test_machines_are_discovered_with_the_token_that_the_worker_keeps(tmp_path: Path) -> None:
    settings = Settings(HOUSE, Path("/bin"), tmp_path, PORTS)
    render(settings)
    token = plan.worker(settings).env["HYPERION_PROMETHEUS_TOKEN"]
    for job, page in {"node": "prometheus", "node-of-agents": "agents"}.items():
        (asked,) = scraped(tmp_path)[job]["http_sd_configs"]
        assert asked["url"] == f"http://127.0.0.1:1002/api/sd/{page}"
        assert asked["authorization"] == {"type": "Bearer", "credentials_file": token}
    assert scraped(tmp_path)["node-of-agents"]["authorization"]["credentials_file"] == token
    assert Path(token).parent.is_dir()


def test_the_exporter_finds_its_folder(tmp_path: Path) -> None:
    settings = Settings(HOUSE, Path("/bin"), tmp_path / "var", PORTS)
    render(settings)
    (flag,) = [word for word in plan.exporter(settings).argv if "state-folder" in word]
    folder = Path(flag.removeprefix("--collector.events.state-folder="))
    assert folder.is_dir() and folder.is_relative_to(tmp_path / "var")
    # A flag that it does not know ends it.
    exporter = Path(sys.executable).parent / "hyperion-exporter"
    known = subprocess.run([exporter, flag, "--config.example"], capture_output=True, timeout=30)
    assert (known.returncode, known.stderr) == (0, b"")


def test_alertmanager_tells_the_control_api_on_loopback_until_the_worker_writes_more(
    tmp_path: Path,
) -> None:
    render(Settings(HOUSE, Path("/bin"), tmp_path, PORTS))
    config = yaml.safe_load((tmp_path / "alertmanager/alertmanager.yml").read_text())
    receivers = {each["name"]: each.get("webhook_configs") for each in config["receivers"]}
    (hook,) = receivers["feed"]
    assert hook["url"] == "http://127.0.0.1:1002/api/alerts/webhook"
    secret = hook["http_config"]["authorization"]["credentials_file"]
    assert secret == str(tmp_path / "alertmanager/secrets/bridge_token")
    assert receivers["people"] is None
    assert config["templates"] == [str(HOUSE / "alertmanager/templates/*.tmpl")]


def test_nothing_is_probed_where_no_blackbox_exporter_runs(tmp_path: Path) -> None:
    render(Settings(HOUSE, Path("/bin"), tmp_path, PORTS))
    assert "probe" not in scraped(tmp_path)


def test_what_is_no_address_stays_as_it_is() -> None:
    kept = {"interval": "15s", "count": 3, "on": True, "none": None, "list": ["a", 1.5]}
    assert replaced(kept, {"exporter:9100": "127.0.0.1:1"}) == kept


def test_a_second_run_takes_up_what_changed(tmp_path: Path) -> None:
    for port in (1001, 2001):
        render(Settings(HOUSE, Path("/bin"), tmp_path, Ports(exporter=port)))
    assert "127.0.0.1:2001" in (tmp_path / "prometheus/prometheus.yml").read_text()
