"""What the programs under Compose start from: made once, readable by those who need it alone."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hyperion_control.domain.actors import Origin
from hyperion_control.errors import StartRefused
from hyperion_control.usecases import init, stack, tokens
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # As the image has it; the volumes are mounted there.
    for name in ("prometheus/secrets", "grafana"):
        (tmp_path / "stack" / name).mkdir(parents=True)
    return tmp_path / "stack"


@pytest.fixture
def begun(parts: Parts, folder: Path) -> Parts:
    init.begin(parts, "ada", "Acme")
    file = folder / "prometheus/secrets/sd_token"
    return replace(parts, settings=replace(parts.settings, prometheus_token=file))


def secrets(folder: Path) -> dict[str, str]:
    files = [folder / "prometheus/secrets/sd_token", *(folder / "grafana").iterdir()]
    return {file.name: file.read_text() for file in files}


@ON_SQLITE
def test_every_secret_is_made_and_only_its_group_reads_it(begun: Parts, folder: Path) -> None:
    stack.furnish(begun, folder, 1)
    assert set(secrets(folder)) == {"sd_token", "admin_password", "secret_key"}
    assert all(len(secret) >= 32 for secret in secrets(folder).values())
    for file in (path for path in folder.rglob("*") if path.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640, file


@ON_SQLITE
def test_the_token_lets_prometheus_discover_and_no_more(begun: Parts, folder: Path) -> None:
    stack.furnish(begun, folder, 1)
    actor = tokens.authenticate(begun, secrets(folder)["sd_token"], Origin())
    assert actor.scopes == {"sd:read"}


@ON_SQLITE
def test_a_later_start_keeps_what_is_there(begun: Parts, folder: Path) -> None:
    stack.furnish(begun, folder, 1)
    before = secrets(folder)
    stack.furnish(begun, folder, 1)
    assert secrets(folder) == before


def test_links_of_alerts_lead_to_where_browsers_go() -> None:
    base = yaml.safe_load(stack.BASE.read_text())
    config = stack.prometheus(base, "https://watch.example.org", 1)
    assert config["global"]["external_labels"] == {
        "hyperion_url": "https://watch.example.org",
        "grafana_url": "https://watch.example.org/grafana",
    }
    assert config["scrape_configs"] == base["scrape_configs"]


def test_with_two_of_each_prometheus_knows_both() -> None:
    config = stack.prometheus(yaml.safe_load(stack.BASE.read_text()), "https://x.test", 2)
    [told] = config["alerting"]["alertmanagers"]
    both = ["alertmanager-1:9093", "alertmanager-2:9093"]
    assert told["static_configs"][0]["targets"] == both
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert jobs["alertmanager"]["static_configs"][0]["targets"] == both
    # There is one machine, however many of us are on it.
    assert jobs["node"]["static_configs"][0]["targets"] == ["exporter:9100"]


@ON_SQLITE
def test_a_folder_that_is_not_there_is_named(begun: Parts, tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=f"cannot write {tmp_path}/nowhere"):
        stack.furnish(begun, tmp_path / "nowhere", 1)
