"""The exporter as a service of a real Debian machine: shut in, and yet it sees all of it."""

import urllib.error
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter import needed
from lab import installed
from lab.fleet import Fleet, Machine
from lab.installed import FLAGS, UNIT, exporting
from lab.wait import wait_for

SCORE = 2.5
CONFIG = "hyperion_exporter_config_last_reload"
SUCCESS = "node_scrape_collector_success"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def machine(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with exporting(fleet[0], tmp_path_factory.mktemp("dist")):
        yield fleet[0]


def page(machine: Machine) -> Samples:
    return samples(installed.page(machine))


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
    root = samples(machine.done("/opt/hyperion/bin/hyperion-exporter --once"))
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
    told = machine.done(f"systemd-analyze security --no-pager {UNIT}").splitlines()[-1]
    print(f"\n{told}")
    assert float(told.rpartition(": ")[2].split()[0]) <= SCORE, told
    assert machine.done(f"ps -o user= -p $(systemctl show -P MainPID {UNIT})").startswith("hyper")


def test_it_may_ask_for_the_error_of_the_clock_but_not_set_it(machine: Machine) -> None:
    """The lab's machines refuse the question to root, too: so what systemd makes of the filter."""
    allowed = machine.done(f"systemctl show -P SystemCallFilter {UNIT}").split()
    assert {"adjtimex", "clock_adjtime"} <= {*allowed}
    assert not {"clock_settime", "settimeofday", "mount", "ptrace"} & {*allowed}
    assert machine.done(f"systemctl show -P CapabilityBoundingSet {UNIT}") == "\n"


@pytest.mark.parametrize("folder", ["/home", "/srv", "/tmp", "/var/tmp"])
def test_it_sees_what_is_mounted_while_it_runs(machine: Machine, folder: str) -> None:
    point = f"{folder}/late"
    machine.done(f"mkdir {point} && mount -t tmpfs -o size=4m tmpfs {point}")
    try:
        found = page(machine)
        assert named(found, "node_filesystem_size_bytes", mountpoint=point) == [4 << 20]
        assert named(found, "node_filesystem_device_error", mountpoint=point) == [0]
    finally:
        machine.done(f"umount {point} && rmdir {point}")
    assert named(page(machine), "node_filesystem_size_bytes", mountpoint=point) == []


def test_it_sees_a_new_name_of_the_machine(machine: Machine) -> None:
    machine.done("hostname renamed")
    try:
        assert named(page(machine), "node_uname_info", nodename="renamed") == [1]
    finally:
        machine.done(f"hostname {machine.name}")


def test_its_flags_come_from_a_file_of_the_machine(machine: Machine) -> None:
    flags = "--no-collector.arp --collector.textfile.directory=/srv"
    machine.done(f"echo 'ARGS=\"{flags}\"' >{FLAGS} && echo 'made_here 7' >/srv/here.prom")
    try:
        machine.done(f"systemctl restart {UNIT}")
        found = wait_for(lambda: page(machine), 10, "the exporter to answer again")
        assert named(found, "made_here") == [7]
        assert named(found, SUCCESS, collector="arp") == []
    finally:
        machine.done(f"rm {FLAGS} /srv/here.prom; systemctl restart {UNIT}")
        wait_for(lambda: page(machine), 10, "the exporter to answer again")


def test_reloaded_it_goes_on(machine: Machine) -> None:
    started, read = "process_start_time_seconds", f"{CONFIG}_success_timestamp_seconds"
    before = page(machine)
    machine.done(f"systemctl reload {UNIT}")
    wait_for(lambda: named(page(machine), read) > named(before, read), 10, "it to read again")
    after = page(machine)
    assert named(after, started) == named(before, started)
    assert named(after, f"{CONFIG}_successful") == [1]


def test_killed_it_comes_back(machine: Machine) -> None:
    before = named(page(machine), "process_start_time_seconds")
    machine.done(f"systemctl kill --kill-whom main --signal KILL {UNIT}")
    wait_for(
        lambda: named(page(machine), "process_start_time_seconds") > before, 20, "it to come back"
    )


def test_stopped_it_is_gone(machine: Machine) -> None:
    machine.done(f"systemctl stop {UNIT}")
    try:
        with pytest.raises(urllib.error.URLError, match="refused"):
            page(machine)
        assert machine.ssh("ps", "-u", "hyperion-exporter", "-o", "pid=").stdout == ""
        assert machine.done(f"systemctl show -P Result {UNIT}") == "success\n"
    finally:
        machine.done(f"systemctl start {UNIT}")
