"""What `hyperion up` runs, given its settings and what was found."""

from pathlib import Path

import pytest

from hyperion_control.up import plan
from hyperion_control.up.plan import Found, Ports, Settings

PORTS = Ports(exporter=1001, control=1002, prometheus=1003, alertmanager=1004, grafana=1005)
ALL = Found(Path("/usr/bin/prometheus"), Path("/usr/bin/alertmanager"), Path("/usr/bin/grafana"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Path("/house"), Path("/bin"), tmp_path, PORTS)


def test_all_that_was_found_runs_beside_our_own(settings: Settings) -> None:
    own = ["exporter", "control-api", "worker"]
    assert [each.name for each in plan.programs(settings, Found())] == own
    names = [each.name for each in plan.programs(settings, ALL)]
    assert names == [*own, "prometheus", "alertmanager", "grafana"]


def test_every_program_listens_on_loopback_and_on_its_own_port(settings: Settings) -> None:
    serving = [each for each in plan.programs(settings, ALL) if each.name != "worker"]
    for each, port in zip(serving, (1001, 1002, 1003, 1004, 1005), strict=True):
        assert each.address == f"http://127.0.0.1:{port}"
        assert each.health.startswith(f"{each.address}/")
        told = [*each.argv, *each.env.values()]
        listens = f"127.0.0.1:{port}"
        assert any(word.endswith(listens) for word in told) or each.name == "grafana"
    assert serving[-1].env["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert serving[-1].env["GF_SERVER_HTTP_PORT"] == "1005"


def test_the_worker_is_ready_when_the_api_saw_it(settings: Settings) -> None:
    worker = plan.worker(settings)
    assert (worker.address, worker.health) == ("", "http://127.0.0.1:1002/readyz")


def test_api_and_worker_share_their_data_below_var(settings: Settings) -> None:
    for each in (plan.control_init(settings), plan.control(settings), plan.worker(settings)):
        assert each.env["HYPERION_DATA"] == str(settings.var / "control")


def test_all_that_is_written_lies_below_var(settings: Settings) -> None:
    for each in plan.programs(settings, ALL):
        assert each.log.is_relative_to(settings.var)
        folders = [word for word in each.argv if word.startswith("--storage") and "path" in word]
        folders += [v for k, v in each.env.items() if k in ("GF_PATHS_DATA", "GF_PATHS_LOGS")]
        assert all(str(settings.var) in folder for folder in folders)


def test_one_alertmanager_opens_no_port_for_gossip(settings: Settings) -> None:
    assert (
        "--cluster.listen-address=" in plan.alertmanager(settings, ALL.alertmanager or Path()).argv
    )


def test_grafana_is_told_where_its_sources_and_dashboards_are(settings: Settings) -> None:
    grafana = plan.grafana(settings, Path("/usr/bin/grafana"))
    assert grafana.argv[:2] == ("/usr/bin/grafana", "server")
    assert grafana.env["HYPERION_PROMETHEUS_URL"] == "http://127.0.0.1:1003"
    assert grafana.env["HYPERION_ALERTMANAGER_URL"] == "http://127.0.0.1:1004"
    assert grafana.env["HYPERION_DASHBOARDS"] == "/house/grafana/dashboards"
    assert grafana.env["GF_PATHS_PROVISIONING"] == "/house/grafana/provisioning"
    home = "/house/grafana/dashboards/hyperion-fleet.json"
    assert grafana.env["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == home


def test_grafana_is_told_its_home_where_it_is_unpacked(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/defaults.ini").touch()
    argv = plan.grafana(settings, tmp_path / "bin/grafana-server").argv
    assert argv[1:] == (f"--homepath={tmp_path}",)


def test_debian_programs_unpacked_here_find_their_own_files(
    settings: Settings, tmp_path: Path
) -> None:
    share = tmp_path / "usr/share/prometheus"
    (share / "web").mkdir(parents=True)
    (share / "alertmanager/no-ui").mkdir(parents=True)
    prometheus = plan.prometheus(settings, tmp_path / "usr/bin/prometheus")
    alertmanager = plan.alertmanager(settings, tmp_path / "usr/bin/prometheus-alertmanager")
    assert f"--web.local-assets={share}/web/" in prometheus.argv
    assert f"--web.ui-path={share}/alertmanager/no-ui/" in alertmanager.argv
    assert alertmanager.cwd == share / "alertmanager"


def test_programs_of_others_get_no_flag_that_only_debian_has(settings: Settings) -> None:
    for each in plan.programs(settings, ALL):
        assert not any("local-assets" in word or "ui-path" in word for word in each.argv)


def test_configurations_are_checked_by_the_amtool_that_came_with_alertmanager(
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path, tmp_path, tmp_path)
    found = Found(alertmanager=tmp_path / "prometheus-alertmanager")

    def named() -> list[str]:
        planned = plan.programs(settings, found)
        return [name for each in planned for name in each.env if name == "HYPERION_AMTOOL"]

    assert named() == []
    (tmp_path / "amtool").touch()
    assert len(named()) == 2
