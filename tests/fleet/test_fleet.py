"""Real machines: three boot, are reached, obey, vanish and leave nothing behind."""

import os
import signal
import sys
from pathlib import Path

import pytest

from lab import fleet as lab_fleet
from lab.fleet import Fleet
from lab.programs import folder
from lab.servers import running
from lab.wait import wait_for


def leftovers(name: str) -> list[str]:
    """Whatever this computer still has of a fleet or a machine: processes, links, mounts, disks."""
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if name in line]
    found += [path.name for path in Path("/sys/class/net").iterdir() if name in path.name]
    found += [str(path) for path in (folder() / "fleet").iterdir() if name in path.name]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{name}*")]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_text()
        except OSError:
            continue  # it ended while we looked
        if f"/{name}" in words or f"={name}" in words:
            found.append(words.replace("\0", " "))
    return found


def test_three_machines_boot_and_each_is_reached(fleet: Fleet) -> None:
    assert len(fleet) == 3
    for machine in fleet:
        said = machine.ssh("sh", "-c", "hostname; cat /proc/1/comm; . /etc/os-release; echo $ID")
        assert said.stdout.split() == [machine.name, "systemd", "debian"], said.stderr


def test_each_machine_has_its_own_address_and_host_key(fleet: Fleet) -> None:
    assert len({machine.address for machine in fleet}) == 3
    keys = {m.ssh("cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout for m in fleet}
    assert len(keys) == 3


def test_a_command_gets_its_words_as_they_were_given(fleet: Fleet) -> None:
    done = fleet[0].ssh("printf", "%s|", "two words", "$HOME", "a'b", "")
    assert done.stdout == "two words|$HOME|a'b||"
    assert fleet[0].ssh("sh", "-c", "echo no >&2; exit 7").returncode == 7


def test_services_of_one_name_on_two_machines_know_nothing_of_each_other(fleet: Fleet) -> None:
    for machine in fleet[:2]:
        machine.done("systemd-run --quiet --unit=same sleep infinity")
    try:
        # A process of another machine would be here with the number 0.
        inside = "find /sys/fs/cgroup -path '*/same.service/cgroup.procs' -exec cat {} + | sort -u"
        for machine in fleet[:2]:
            assert machine.done(inside) == machine.done("systemctl show -P MainPID same")
    finally:
        for machine in fleet[:2]:
            machine.done("systemctl stop same")


def test_a_unit_is_restarted_and_its_journal_tells(fleet: Fleet) -> None:
    machine = fleet[1]
    show = ("systemctl", "show", "--property=MainPID", "--value", "systemd-logind")
    before = machine.ssh(*show).stdout.strip()
    assert machine.ssh("systemctl", "restart", "systemd-logind").returncode == 0
    after = machine.ssh(*show).stdout.strip()
    assert before != after != "0"
    journal = ("journalctl", "--no-pager", "-u", "systemd-logind", f"_PID={after}", "+", "_PID=1")
    wait_for(
        lambda: "Started systemd-logind.service" in machine.ssh(*journal).stdout,
        10,
        "the journal to tell of the restart",
    )


def test_an_unplugged_machine_is_not_reached_until_it_is_plugged_in_again(fleet: Fleet) -> None:
    machine = fleet[2]
    machine.unplug()
    try:
        done = machine.ssh("true")
        assert done.returncode == 255
        assert "timed out" in done.stderr or "No route" in done.stderr
        assert fleet[0].ssh("true").returncode == 0
    finally:
        machine.plug()
    wait_for(machine.is_up, 15, "the machine to be reached again")


def test_a_second_fleet_lives_beside_the_first_and_leaves_nothing_behind(fleet: Fleet) -> None:
    with lab_fleet.fleet(2) as others:
        assert not {m.address for m in others} & {m.address for m in fleet}
        name = others[0].name.partition("-")[0]
        others[0].kill()
        others[1].stop()
        assert others[1].process.returncode == 0
        assert others[1].ssh("true").returncode == 255
        assert leftovers(name)
    assert not leftovers(name)
    assert fleet[0].is_up()


OWNER = """
import sys
from pathlib import Path
from conftest import pytest_configure
from lab.fleet import fleet
pytest_configure(None)
with fleet(1) as machines:
    Path(sys.argv[1]).write_text(machines[0].name)
    machines[0].process.wait()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_nothing_behind(
    fleet: Fleet, how: signal.Signals, tmp_path: Path
) -> None:
    written, env = tmp_path / "name", os.environ | {"PYTHONPATH": ":".join(sys.path)}
    argv = [sys.executable, "-c", OWNER, written]
    with running(argv, tmp_path / "log", written.read_text, env=env) as owner:
        name = written.read_text().partition("-")[0]
        assert leftovers(name)
        owner.process.send_signal(how)
        owner.process.wait(30)
    if how is signal.SIGKILL:
        # Nobody was left to clean up but the next run.
        with lab_fleet.fleet(0):
            pass
    assert not leftovers(name)


def test_a_machine_that_cannot_boot_is_named_with_its_last_lines(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_fleet, "LAY", "echo no such disk; exit 1")
    with (
        pytest.raises(pytest.fail.Exception, match="-1 has ended; its last lines:\nno such disk"),
        lab_fleet.fleet(1),
    ):
        raise AssertionError("it was handed over")
