"""Who hears of which alert, asked of every Alertmanager that people run."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest

from lab import programs, servers
from lab.house import ROOT
from lab.wait import wait_for

CONFIG = ROOT / "alertmanager" / "alertmanager.yml"
VERSIONS = ("0.25", "0.28", "0.33")

ROUTES = {
    "alertname=Watchdog severity=info": "heartbeat",
    "alertname=MachineDown severity=critical instance=web-7:9100": "console",
    "alertname=FilesystemAlmostFull severity=warning instance=web-7:9100": "console",
    "alertname=CpuBusy severity=info instance=web-7:9100": "console",
    "alertname=WatchdogOfSomebodyElse severity=info": "console",
}

Labels = dict[str, str]


def amtool(version: str, *arguments: str | Path) -> str:
    argv = [programs.program("amtool", version), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_alertmanager_takes_the_configuration(version: str) -> None:
    amtool(version, "check-config", CONFIG)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("labels", ROUTES)
def test_an_alert_reaches_its_receiver(version: str, labels: str) -> None:
    where = ("config", "routes", "test", f"--config.file={CONFIG}")
    said = amtool(version, *where, f"--verify.receivers={ROUTES[labels]}", *labels.split())
    assert said.split() == [ROUTES[labels]]


def full(instance: str, mountpoint: str, severity: str) -> Labels:
    return {
        "alertname": "FilesystemAlmostFull",
        "instance": instance,
        "device": "/dev/sda1",
        "mountpoint": mountpoint,
        "severity": severity,
    }


MACHINE, ELSEWHERE = "db-1:9100", "web-7:9100"
NAMELESS = {"alertname": "NamesNoMachine"}
MUTED = full(MACHINE, "/var", "warning")
HEARD = [
    full(MACHINE, "/home", "warning"),  # another object of that machine
    full(ELSEWHERE, "/var", "warning"),  # the same object of another machine
    MUTED | {"alertname": "FilesystemFilesAlmostOut"},  # another fault of that object
    # Labels that both lack count as equal: these two must not be taken for one machine's.
    NAMELESS | {"severity": "critical"},
    NAMELESS | {"severity": "warning"},
    # The one that mutes goes last: when it is known, so are the others.
    full(MACHINE, "/var", "critical"),
]


@pytest.mark.live
@pytest.mark.parametrize("version", VERSIONS)
def test_critical_mutes_only_the_warning_of_the_same_thing(version: str, tmp_path: Path) -> None:
    with servers.alertmanager(CONFIG, tmp_path, version) as server:
        send(server, [MUTED, *HEARD])
        muted = wait_for(lambda: known(server, "suppressed"), 20, "a warning to be muted")
        assert muted == [MUTED]
        assert by_text(known(server, "active")) == by_text(HEARD)


def send(server: servers.Server, alerts: list[Labels]) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v2/alerts",
        data=json.dumps([{"labels": labels} for labels in alerts]).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def known(server: servers.Server, state: str) -> list[Labels]:
    with urllib.request.urlopen(f"{server.url}/api/v2/alerts", timeout=10) as answer:
        alerts = json.load(answer)
    return [alert["labels"] for alert in alerts if alert["status"]["state"] == state]


def by_text(alerts: list[Labels]) -> list[Labels]:
    return sorted(alerts, key=lambda labels: sorted(labels.items()))
