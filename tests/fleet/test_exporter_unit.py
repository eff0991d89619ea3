"""The exporter as a service of a real Debian machine: shut in, and yet it sees all of it."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter import needed
from lab.fleet import Fleet, Machine
from lab.house import ROOT
from lab.sshd import ssh_command
from lab.wait import wait_for

UNIT = "hyperion-exporter.service"
FLAGS = "/etc/default/hyperion-exporter"
# As docs/exporter.md says, without a network: the wheel has nothing to build, and on Linux it
# needs no other package for what it serves by default.
INSTALL = """
useradd --system --no-create-home --shell /usr/sbin/nologin hyperion-exporter
python3 -m venv --without-pip /opt/hyperion
cd /opt/hyperion
bin/python -m zipfile -e /root/*.whl lib/python3*/site-packages
echo '#!/opt/hyperion/bin/python
import sys
from hyperion_exporter.cli import main
sys.exit(main())' >bin/hyperion-exporter
chmod +x bin/hyperion-exporter
systemctl daemon-reload
systemctl start hyperion-exporter
"""
REMOVE = """
systemctl stop hyperion-exporter
userdel hyperion-exporter
rm -r /opt/hyperion /root/*.whl /etc/systemd/system/hyperion-exporter.service
rm -rf /etc/default/hyperion-exporter /var/lib/hyperion-exporter
systemctl daemon-reload
"""
SCORE = 2.5
CONFIG = "hyperion_exporter_config_last_reload"
SUCCESS = "node_scrape_collector_success"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def machine(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which the unit is installed and runs."""
    machine = fleet[0]
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", dist], cwd=ROOT, check=True, capture_output=True)
    put(machine, next(dist.glob("*.whl")), "/root/")
    put(machine, ROOT / "exporter" / UNIT, "/etc/systemd/system/")
    try:
        done(machine, INSTALL)
        wait_for(lambda: page(machine), 20, "the exporter to answer")
        yield machine
    finally:
        done(machine, REMOVE)


def put(machine: Machine, file: Path, folder: str) -> None:
    words = ("dd", f"of={folder}/{file.name}", "status=none")
    login = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}", *words)
    with file.open("rb") as content:
        subprocess.run(login, stdin=content, check=True, timeout=60)


def done(machine: Machine, script: str) -> str:
    said = machine.ssh("sh", "-ec", script)
    assert said.returncode == 0, said.stderr
    return said.stdout


def page(machine: Machine) -> Samples:
    url = f"http://{machine.address}:9100/metrics"
    with urllib.request.urlopen(url, timeout=10) as response:
        return samples(response.read().decode())


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def named(found: Samples, sample: str, **labels: str) -> list[float]:
    """The values of that name which carry these labels, whatever others they carry."""
    return [
        value
        for (name, carried), value in found.items()
        if name == sample and labels.items() <= carried
    ]


def test_each_collector_sees_inside_the_unit_what_root_sees(machine: Machine) -> None:
    inside = page(machine)
    root = samples(done(machine, "/opt/hyperion/bin/hyperion-exporter --once"))
    success = {key: value for key, value in root.items() if key[0] == SUCCESS}
    assert sum(success.values()) > 25
    assert {key: value for key, value in success.items() if inside[key] != value} == {}
    assert sorted({name for name, _ in root} - {name for name, _ in inside}) == []
    [theirs], [own] = (named(found, "node_processes_pids") for found in (root, inside))
    assert own > theirs / 2, "processes of others are hidden from it"


def test_systemd_feeds_what_dashboards_ask_of_it(machine: Machine) -> None:
    wait_for(lambda: named(page(machine), "node_systemd_units"), 10, "systemd to answer")
    found = page(machine)
    assert [name for name in needed.by_collector()["systemd"] if not named(found, name)] == []
    assert named(found, "node_systemd_unit_state", name=UNIT, state="active") == [1]


def test_it_is_shut_in(machine: Machine) -> None:
    told = done(machine, f"systemd-analyze security --no-pager {UNIT}").splitlines()[-1]
    print(f"\n{told}")
    assert float(told.rpartition(": ")[2].split()[0]) <= SCORE, told
    assert done(machine, f"ps -o user= -p $(systemctl show -P MainPID {UNIT})").startswith("hyper")


def test_it_may_ask_for_the_error_of_the_clock_but_not_set_it(machine: Machine) -> None:
    """The lab's machines refuse the question to root, too: so what systemd makes of the filter."""
    allowed = done(machine, f"systemctl show -P SystemCallFilter {UNIT}").split()
    assert {"adjtimex", "clock_adjtime"} <= {*allowed}
    assert not {"clock_settime", "settimeofday", "mount", "ptrace"} & {*allowed}
    assert done(machine, f"systemctl show -P CapabilityBoundingSet {UNIT}") == "\n"


@pytest.mark.parametrize("folder", ["/home", "/srv", "/tmp", "/var/tmp"])
def test_it_sees_what_is_mounted_while_it_runs(machine: Machine, folder: str) -> None:
    point = f"{folder}/late"
    done(machine, f"mkdir {point} && mount -t tmpfs -o size=4m tmpfs {point}")
    try:
        found = page(machine)
        assert named(found, "node_filesystem_size_bytes", mountpoint=point) == [4 << 20]
        assert named(found, "node_filesystem_device_error", mountpoint=point) == [0]
    finally:
        done(machine, f"umount {point} && rmdir {point}")
    assert named(page(machine), "node_filesystem_size_bytes", mountpoint=point) == []


def test_it_sees_a_new_name_of_the_machine(machine: Machine) -> None:
    done(machine, "hostname renamed")
    try:
        assert named(page(machine), "node_uname_info", nodename="renamed") == [1]
    finally:
        done(machine, f"hostname {machine.name}")


def test_its_flags_come_from_a_file_of_the_machine(machine: Machine) -> None:
    flags = "--no-collector.arp --collector.textfile.directory=/srv"
    done(machine, f"echo 'ARGS=\"{flags}\"' >{FLAGS} && echo 'made_here 7' >/srv/here.prom")
    try:
        done(machine, f"systemctl restart {UNIT}")
        found = wait_for(lambda: page(machine), 10, "the exporter to answer again")
        assert named(found, "made_here") == [7]
        assert named(found, SUCCESS, collector="arp") == []
    finally:
        done(machine, f"rm {FLAGS} /srv/here.prom && systemctl restart {UNIT}")
        wait_for(lambda: page(machine), 10, "the exporter to answer again")


def test_reloaded_it_goes_on(machine: Machine) -> None:
    started, read = "process_start_time_seconds", f"{CONFIG}_success_timestamp_seconds"
    before = page(machine)
    done(machine, f"systemctl reload {UNIT}")
    wait_for(lambda: named(page(machine), read) > named(before, read), 10, "it to read again")
    after = page(machine)
    assert named(after, started) == named(before, started)
    assert named(after, f"{CONFIG}_successful") == [1]


def test_killed_it_comes_back(machine: Machine) -> None:
    before = named(page(machine), "process_start_time_seconds")
    done(machine, f"systemctl kill --signal KILL {UNIT}")
    wait_for(
        lambda: named(page(machine), "process_start_time_seconds") > before, 20, "it to come back"
    )


def test_stopped_it_is_gone(machine: Machine) -> None:
    done(machine, f"systemctl stop {UNIT}")
    try:
        with pytest.raises(urllib.error.URLError, match="refused"):
            page(machine)
        assert machine.ssh("ps", "-u", "hyperion-exporter", "-o", "pid=").stdout == ""
        assert done(machine, f"systemctl show -P Result {UNIT}") == "success\n"
    finally:
        done(machine, f"systemctl start {UNIT}")
