"""Who hears of which alert, asked of every Alertmanager that people run."""

import subprocess
from pathlib import Path

import pytest
import yaml

from hyperion_control.domain.routes import Tenant, Way
from hyperion_control.notifying import Notifying, Quiet, Smtp
from lab import messenger, programs, servers
from lab.house import ROOT
from lab.messenger import VERSIONS, Fired
from lab.wait import wait_for

NIGHT = Quiet.parse("22:00-07:00 Europe/Paris")
EVERYTHING = Notifying(
    Smtp("mail.example.org", 465, True, "hyperion@example.org", "ada", "secret"),
    "ops@example.org",
    slack_url="https://slack.example.org",
    teams_url="https://teams.example.org",
    quiet=NIGHT,
)
# Globex has no route of its own.
ACME = Tenant(
    "acme",
    (
        Way("rcv_night", quiet=NIGHT),
        Way("rcv_disks", classes=("disk", "filesystem")),
        Way("rcv_web", ("critical",), groups=("web", "web.eu")),
        Way("rcv_prod", ("info",), labels={"env": "prod"}),
    ),
)
# What tells of the machine and not of a thing of it, or follows from that thing.
OF_MACHINES = {"severity", "class", "machine", "group", "job", "fstype", "model", "serial"}
DOWN = "alertname=MachineDown severity=critical instance=web-7:9100"
FULL = "alertname=FilesystemAlmostFull severity=warning instance=web-7:9100"
BUSY = "alertname=CpuBusy severity=info instance=web-7:9100"
ROUTES = {
    "alertname=Watchdog severity=info": "heartbeat",
    "alertname=Watchdog severity=info org=acme": "heartbeat",
    "alertname=WatchdogOfSomebodyElse severity=info": "feed,console",
    "alertname=SaysNotHowBad": "feed,people",
    DOWN: "feed,people",
    FULL: "feed,people",
    BUSY: "feed,console",
    f"{DOWN} org=globex group=web": "feed,people",
    f"{DOWN} org=acme": "feed,rcv_night",
    f"{DOWN} org=acme group=web.eu": "feed,rcv_night,rcv_web",
    f"{DOWN} org=acme group=webXeu": "feed,rcv_night",
    f"{FULL} org=acme group=web class=disk": "feed,rcv_night,rcv_disks",
    f"{FULL} org=acme group=web class=disks": "feed,rcv_night",
    f"{BUSY} org=acme": "feed,console",
    f"{BUSY} org=acme env=prod": "feed,rcv_prod",
}


def amtool(version: str, *arguments: str | Path) -> str:
    argv = [programs.program("amtool", version), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("routes")
    return messenger.written(folder, messenger.config(folder, "http://api", EVERYTHING, [ACME]))


@pytest.mark.parametrize("version", VERSIONS)
def test_alertmanager_takes_the_base_and_what_is_made_of_it(
    version: str, rendered: Path, tmp_path: Path
) -> None:
    amtool(version, "check-config", ROOT / "alertmanager" / "alertmanager.yml")
    amtool(version, "check-config", rendered)
    nothing = messenger.config(tmp_path, "http://api", Notifying())
    amtool(version, "check-config", messenger.written(tmp_path, nothing))


@pytest.mark.parametrize("version", VERSIONS)
def test_each_alert_reaches_its_receivers(version: str, rendered: Path) -> None:
    where = ("config", "routes", "test", f"--config.file={rendered}")
    said = {labels: amtool(version, *where, *labels.split()).strip() for labels in ROUTES}
    assert said == ROUTES


def test_the_heartbeat_comes_every_minute_and_not_by_chance_every_second() -> None:
    """It is told at the first look after its time; on the very second a look may miss it."""
    routes = messenger.base()["route"]["routes"]
    (route,) = (each for each in routes if each["receiver"] == "heartbeat")
    look, again = (
        int(route[name].removesuffix("s")) for name in ("group_interval", "repeat_interval")
    )
    assert again % look and look * (again // look + 1) == 60


def test_no_secret_is_in_what_is_rendered(rendered: Path) -> None:
    text = rendered.read_text()
    for secret in ("secret\n", "https://slack.example.org", "https://teams.example.org"):
        assert secret not in text


def test_inhibition_knows_every_object_that_alerts_of_two_severities_name() -> None:
    """A label that both lack counts as equal, so one that is left out joins two objects."""
    equal = set(messenger.base()["inhibit_rules"][0]["equal"])
    assert objects_of_two_severities(ROOT / "tests/prometheus") - equal - OF_MACHINES == set()


def objects_of_two_severities(folder: Path) -> set[str]:
    """Labels of alerts that are told as warning and as critical, as their tests expect them."""
    labels: dict[str, set[str]] = {}
    severities: dict[str, set[str]] = {}
    for file in folder.glob("*.yml"):
        for test in yaml.load(file.read_text(), yaml.CSafeLoader)["tests"]:
            for case in test.get("alert_rule_test", []):
                for alert in case["exp_alerts"]:
                    found = alert["exp_labels"]
                    labels.setdefault(case["alertname"], set()).update(found)
                    severities.setdefault(case["alertname"], set()).add(found["severity"])
    both = [name for name in labels if {"warning", "critical"} <= severities[name]]
    assert both
    return {label for name in both for label in labels[name]}


def full(instance: str, mountpoint: str, severity: str, **more: str) -> dict[str, str]:
    return {
        "alertname": "FilesystemAlmostFull",
        "org": "acme",
        "instance": instance,
        "device": "/dev/sda1",
        "mountpoint": mountpoint,
        "severity": severity,
        **more,
    }


NAMELESS = {"alertname": "NamesNoMachine"}
DEAD = {"alertname": "MachineDown", "org": "acme", "severity": "critical", "machine": "db-2"}
MUTED = [
    full("db-1:9100", "/var", "warning"),
    full("db-2:9100", "/var", "critical"),  # of a machine that is down
    {"alertname": "ProbeFailed", "org": "acme", "machine": "db-2", "instance": "https://db-2"},
]
HEARD = [
    full("db-1:9100", "/home", "warning"),  # another object of that machine
    full("web-7:9100", "/var", "warning"),  # the same object of another machine
    full("db-1:9100", "/var", "warning", org="globex"),  # of a neighbour's
    full("db-2:9100", "/var", "warning", org="globex", machine="db-2"),
    full("db-1:9100", "/var", "warning", alertname="FilesystemFilesAlmostOut"),
    # Labels that both lack count as equal: these two must not be taken for one machine's.
    NAMELESS | {"severity": "critical"},
    NAMELESS | {"severity": "warning"},
    # Those that mute go last: when they are known, so are the others.
    DEAD | {"instance": "db-2:9100"},
    full("db-1:9100", "/var", "critical"),
]


@pytest.mark.live
@pytest.mark.parametrize("version", VERSIONS)
def test_only_the_same_thing_and_what_is_on_a_dead_machine_is_muted(
    version: str, tmp_path: Path
) -> None:
    config = messenger.config(tmp_path, "http://127.0.0.1:9", Notifying())
    with servers.alertmanager(messenger.written(tmp_path, config), tmp_path, version) as server:
        messenger.send(server.url, [Fired(labels) for labels in [*MUTED, *HEARD]])
        wait_for(lambda: len(messenger.known(server.url, "suppressed")) == 3, 20, "three muted")
        assert by_text(messenger.known(server.url, "suppressed")) == by_text(MUTED)
        assert by_text(messenger.known(server.url, "active")) == by_text(HEARD)


def by_text(alerts: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(alerts, key=lambda labels: sorted(labels.items()))
