"""The disk reader as a service of a real Debian machine: with rights, for the exporter alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.fleet import Fleet, Machine
from lab.installed import installed

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
    machine.put(f"/etc/systemd/system/{UNITS[1]}.d/fleet.conf", DROP_IN.encode())
    machine.put("/usr/sbin/smartctl", SMARTCTL.encode())
    machine.done("chmod +x /usr/sbin/smartctl")
    with installed(machine, tmp_path_factory.mktemp("dist"), *UNITS):
        yield machine
    machine.done("rm /usr/sbin/smartctl")


def ask(machine: Machine, question: str, user: str) -> subprocess.CompletedProcess[str]:
    python = ["/opt/hyperion/bin/python", "-c", ASK, question]
    return machine.ssh("setpriv", f"--reuid={user}", "--clear-groups", *python)


def test_the_exporter_has_its_questions_answered_with_rights_that_it_has_not_itself(
    machine: Machine,
) -> None:
    said = ask(machine, "read standby sat /dev/sda", "hyperion-exporter")
    assert said.returncode == 0, said.stderr + machine.done("journalctl --no-pager -n 20")
    status, text = said.stdout.split(" ", 1)
    told = json.loads(text)
    assert status == "3"
    assert told["called"].endswith("--nocheck=standby,3 --device=sat /dev/sda")
    assert told["user"] != 0
    assert int(told["rights"], 16) == 1 << CAP_DAC_READ_SEARCH | 1 << CAP_SYS_ADMIN


def test_nothing_that_is_not_on_its_list_is_done(machine: Machine) -> None:
    said = ask(machine, "read standby sat /dev/sda --test=long", "hyperion-exporter")
    assert "the disk reader broke off" in said.stderr
    log = machine.done("journalctl --no-pager -u 'hyperion-disk-reader@*' -n 5")
    assert "not a question for smartctl" in log


def test_nobody_else_is_answered(machine: Machine) -> None:
    assert "Permission denied" in ask(machine, "scan", "nobody").stderr


def test_it_can_do_little_else(machine: Machine) -> None:
    path = Path("/etc/systemd/system") / UNITS[1]
    said = machine.done(f"systemd-analyze security --no-pager --offline=yes {path} | tail -1")
    assert float(said.split(":")[1].split()[0]) <= SCORE
