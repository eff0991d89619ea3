"""What Compose starts: each program shut in, bounded, watched, and none but Caddy to be reached."""

import json
import os
import re
import subprocess
from functools import cache
from typing import Any

import pytest

from hyperion_control.settings import NAMES
from lab.deploying import deploying
from lab.house import ROOT

Service = dict[str, Any]
PROFILES = ("", "ha", "scale", "dev", "ha,scale,dev")
OURS = ("docker.io/hyperion/",)
OF_SCALE = ("prometheus-agent", "victoriametrics", "vmauth", "vmalert")
# By the name of a variable, what it holds no more of than the path of a file.
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|SLACK|DISCORD|TEAMS|SMTP")


def compose(*argv: str, **settings: str) -> subprocess.CompletedProcess[str]:
    program = deploying("docker-compose")
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings}
    whole = [program, "--project-directory", ROOT, "--file", ROOT / "docker-compose.yml", *argv]
    return subprocess.run(whole, env=env, capture_output=True, text=True, timeout=30)


@cache
def stack(profiles: str) -> Service:
    said = compose("config", "--format", "json", COMPOSE_PROFILES=profiles)
    assert said.returncode == 0, said.stderr
    whole: Service = json.loads(said.stdout)
    return whole


@cache
def services() -> dict[str, Service]:
    """All of them, of every profile."""
    return dict(stack("ha,scale,dev")["services"])


@pytest.mark.parametrize("profiles", PROFILES)
def test_every_profile_can_be_read(profiles: str) -> None:
    said = compose("config", "--quiet", COMPOSE_PROFILES=profiles)
    assert (said.returncode, said.stderr) == (0, "")


def test_without_a_profile_there_is_one_of_each() -> None:
    assert set(stack("")["services"]) == {
        *("init", "control-api", "worker", "exporter", "prometheus", "alertmanager"),
        *("blackbox", "grafana", "caddy"),
    }


@pytest.mark.parametrize("profiles", PROFILES)
def test_only_caddy_is_published_and_pages_for_developers_on_loopback(profiles: str) -> None:
    published = {
        name: [each.get("host_ip", "") for each in service["ports"]]
        for name, service in stack(profiles)["services"].items()
        if service.get("ports")
    }
    expected = {"caddy": ["", ""]}
    if "dev" in profiles:
        expected["dev"] = ["127.0.0.1", "127.0.0.1"]
    assert published == expected


def test_images_are_pinned_and_fully_named() -> None:
    images = {service["image"] for service in services().values()}
    assert [
        image for image in images if not re.fullmatch(r"docker\.io/\S+/\S+:v?\d+\.\d\S+", image)
    ] == []


def test_programs_are_shut_in() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), f"{name} is root"
        assert not service.get("privileged"), name
        if name not in ("caddy", "dev"):
            assert "cap_add" not in service, name


def test_programs_are_bounded_and_so_are_their_logs() -> None:
    for name, service in services().items():
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}, name
        assert float(limits["cpus"]) <= 1, f"{name} does not start on a machine of one processor"
        logging = service["logging"]
        assert logging["driver"] == "none" or logging["options"]["max-size"], name


def test_programs_that_stay_are_watched_and_start_again() -> None:
    # Those two of ours have theirs in the image.
    for name, service in services().items():
        if name == "init":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped", name
        if name not in ("control-api", "control-api-2"):
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_no_secret_stands_in_the_file_or_in_an_environment() -> None:
    for name, service in services().items():
        for variable, value in (service.get("environment") or {}).items():
            if SECRET.search(variable):
                assert value == "" or value.startswith("/"), f"{name} is given {variable}"


def test_what_init_shows_goes_into_no_log() -> None:
    assert services()["init"]["logging"]["driver"] == "none"


def test_nothing_of_the_machine_is_given_to_be_written() -> None:
    for name, service in services().items():
        for volume in service.get("volumes", []):
            assert volume["type"] == "volume" or volume["read_only"], (name, volume)


def test_secrets_of_one_program_are_not_given_to_another() -> None:
    holders: dict[str, set[str]] = {}
    for name, service in services().items():
        for volume in service.get("volumes", []):
            if volume["type"] == "volume":
                holders.setdefault(volume["source"], set()).add(name)
    assert holders["grafana-secrets"] == {"init", "grafana"}
    keepers = {"init", "worker", "worker-2"}
    scrapers = {"prometheus", "prometheus-2", "prometheus-agent"}
    assert holders["prometheus-config"] == {*keepers, *scrapers}
    assert holders["vmauth"] == {"init", "worker", "vmauth", "grafana"}
    assert holders["victoriametrics"] == {"init", "victoriametrics"}
    assert holders["caddy"] == {"init", "caddy"}
    control = {"init", "control-api", "worker", "control-api-2", "worker-2"}
    assert holders["control"] == control
    assert holders["database-socket"] == {*control, "postgres"}
    assert holders["alertmanager-config"] == {"init", "control-api", "worker", "alertmanager"}


def test_the_first_to_mount_a_volume_of_init_changes_nothing_of_its_rights() -> None:
    """An empty volume takes owner and rights of whoever is made first; that must be init."""
    of_init = {volume["source"] for volume in services()["init"]["volumes"]}
    for name, service in services().items():
        if service["image"].startswith(OURS):
            continue
        for volume in service.get("volumes", []):
            if volume["source"] in of_init - {"database-socket"} and volume["type"] == "volume":
                assert volume["volume"]["nocopy"], (name, volume)


def test_every_setting_of_ours_is_one_that_is_read() -> None:
    for name, service in services().items():
        if service["image"].startswith("docker.io/hyperion/control"):
            assert set(service["environment"]) <= set(NAMES), name


def test_browsers_are_told_one_name_everywhere() -> None:
    said = compose("config", "--format", "json", HYPERION_HOST="watch.example.org").stdout
    found = json.loads(said)["services"]
    assert found["caddy"]["environment"]["HYPERION_HOST"] == "watch.example.org"
    control = found["control-api"]["environment"]
    assert control["HYPERION_PUBLIC_URL"] == "https://watch.example.org"
    root = found["grafana"]["environment"]["GF_SERVER_ROOT_URL"]
    assert root == "https://watch.example.org/grafana/"


def test_nobody_signs_up_to_grafana_and_nobody_looks_without_a_login() -> None:
    environment = services()["grafana"]["environment"]
    assert environment["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/hyperion/admin_password"


def test_the_exporter_sees_the_machine_and_changes_nothing_of_it() -> None:
    exporter = services()["exporter"]
    assert (exporter["network_mode"], exporter["pid"]) == ("host", "host")
    [root] = exporter["volumes"]
    assert (root["source"], root["target"], root["read_only"]) == ("/", "/host", True)
    # Nowhere but on the inner network: what it says is for Prometheus alone.
    inner = stack("")["networks"]["inside"]["ipam"]["config"][0]["gateway"]
    assert exporter["command"][0] == f"--web.listen-address={inner}:9100"


def test_two_of_each_know_each_other() -> None:
    found = services()
    assert "--cluster.peer=alertmanager:9094" in found["alertmanager-2"]["command"]
    for name in ("control-api", "prometheus"):
        assert found[f"{name}-2"]["networks"]["inside"]["aliases"] == [name]
    second = found["worker-2"]["environment"]["HYPERION_ALERTMANAGER_URL"]
    assert second == "http://alertmanager-2:9093"


def test_at_scale_an_agent_stands_where_prometheus_stood() -> None:
    said = compose("config", "--format", "json", COMPOSE_PROFILES="scale", HYPERION_PROMETHEUS="0")
    found = json.loads(said.stdout)["services"]
    assert found["prometheus"]["scale"] == 0 and services()["prometheus"]["scale"] == 1
    assert "--agent" in found["prometheus-agent"]["command"]
    # Whoever asks Prometheus asks VictoriaMetrics then, under its name and at its port.
    assert found["victoriametrics"]["networks"]["inside"]["aliases"] == ["prometheus"]
    assert "-httpListenAddr=:9090" in found["victoriametrics"]["command"]
    assert found["grafana"]["environment"]["HYPERION_PROMETHEUS_URL"] == "http://prometheus:9090"


def test_at_scale_rules_become_the_same_alerts_and_vmauth_hides_what_it_knows() -> None:
    found = services()
    assert "-disableAlertgroupLabel" in found["vmalert"]["command"]
    assert "-notifier.url=http://alertmanager:9093" in found["vmalert"]["command"]
    assert "-httpInternalListenAddr=:8426" in found["vmauth"]["command"]
    assert "8426" in found["vmauth"]["healthcheck"]["test"][-1]
    versions = {found[name]["image"].rpartition(":")[2] for name in OF_SCALE[1:]}
    assert len(versions) == 1


def test_at_scale_each_waits_for_what_it_starts_from() -> None:
    for name in OF_SCALE:
        assert set(services()[name]["depends_on"]) & {"init", "victoriametrics"}, name
