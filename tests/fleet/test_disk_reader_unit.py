"""The disk reader as a service of a real Debian machine: with rights, for the exporter alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.fleet import Fleet, Machine
from lab.house import ROOT
from lab.sshd import ssh_command

UNITS = ("hyperion-disk-reader.socket", "hyperion-disk-reader@.service")
# A machine of the fleet is not given the right to raw I/O, so none of its services can be.
DROP_IN = """
[Service]
CapabilityBoundingSet=
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_ADMIN
AmbientCapabilities=
AmbientCapabilities=CAP_DAC_READ_SEARCH CAP_SYS_ADMIN
"""
# What a smartctl started by it may do and how it was called.
SMARTCTL = """#!/bin/sh
echo "{\\"user\\": $(id -u), \\"called\\": \\"$*\\","
awk '/^CapEff/ {print "\\"rights\\": \\"" $2 "\\","} /^NoNewPrivs/ {print "\\"last\\": " $2 "}"}' \
    /proc/self/status
exit 3
"""
INSTALL = """
useradd --system --no-create-home --shell /usr/sbin/nologin hyperion-exporter
python3 -m venv --without-pip /opt/hyperion
cd /opt/hyperion
bin/python -m zipfile -e /root/*.whl lib/python3*/site-packages
chmod +x /usr/sbin/smartctl
systemctl daemon-reload
systemctl start hyperion-disk-reader.socket
"""
REMOVE = """
systemctl stop hyperion-disk-reader.socket
userdel hyperion-exporter
rm -r /opt/hyperion /root/*.whl /usr/sbin/smartctl /etc/systemd/system/hyperion-disk-reader*
systemctl daemon-reload
"""
ASK = """
import sys
from pathlib import Path
from hyperion_exporter.sources.disk_reader import SOCKET, through
status, text = through(Path("/", SOCKET))(sys.argv[1].split(), 10)
print(status, text.decode())
"""
SCORE = 2.5
CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN = 2, 21


@pytest.fixture(scope="module")
def machine(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = fleet[1]
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", dist], cwd=ROOT, check=True, capture_output=True)
    wheel = next(dist.glob("*.whl"))
    put(machine, f"/root/{wheel.name}", wheel.read_bytes())
    for unit in UNITS:
        put(machine, f"/etc/systemd/system/{unit}", (ROOT / "exporter" / unit).read_bytes())
    put(machine, f"/etc/systemd/system/{UNITS[1]}.d/fleet.conf", DROP_IN.encode())
    put(machine, "/usr/sbin/smartctl", SMARTCTL.encode())
    try:
        done(machine, INSTALL)
        yield machine
    finally:
        done(machine, REMOVE)


def put(machine: Machine, path: str, content: bytes) -> None:
    words = ("install", "-D", "/dev/stdin", path)
    login = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}", *words)
    subprocess.run(login, input=content, check=True, timeout=60)


def done(machine: Machine, script: str) -> str:
    said = machine.ssh("sh", "-ec", script)
    assert said.returncode == 0, said.stderr
    return said.stdout


def ask(machine: Machine, question: str, user: str) -> subprocess.CompletedProcess[str]:
    python = ["/opt/hyperion/bin/python", "-c", ASK, question]
    return machine.ssh("setpriv", f"--reuid={user}", "--clear-groups", *python)


def test_the_exporter_has_its_questions_answered_with_rights_that_it_has_not_itself(
    machine: Machine,
) -> None:
    said = ask(machine, "read standby sat /dev/sda", "hyperion-exporter")
    assert said.returncode == 0, said.stderr + done(machine, "journalctl --no-pager -n 20")
    status, text = said.stdout.split(" ", 1)
    told = json.loads(text)
    assert status == "3"
    assert told["called"].endswith("--nocheck=standby,3 --device=sat /dev/sda")
    assert told["user"] != 0
    assert int(told["rights"], 16) == 1 << CAP_DAC_READ_SEARCH | 1 << CAP_SYS_ADMIN


def test_nothing_that_is_not_on_its_list_is_done(machine: Machine) -> None:
    said = ask(machine, "read standby sat /dev/sda --test=long", "hyperion-exporter")
    assert "the disk reader broke off" in said.stderr
    log = done(machine, "journalctl --no-pager -u 'hyperion-disk-reader@*' -n 5")
    assert "not a question for smartctl" in log


def test_nobody_else_is_answered(machine: Machine) -> None:
    assert "Permission denied" in ask(machine, "scan", "nobody").stderr


def test_it_can_do_little_else(machine: Machine) -> None:
    path = Path("/etc/systemd/system") / UNITS[1]
    said = done(machine, f"systemd-analyze security --no-pager --offline=yes {path} | tail -1")
    assert float(said.split(":")[1].split()[0]) <= SCORE
