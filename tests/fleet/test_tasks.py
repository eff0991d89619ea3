"""Tasks on real machines: behind others, as other users, and when a machine has a bad day."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control_api.people import ACME, People
from hyperion_control.domain import ssh_keys as rules
from hyperion_control.store import machines
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import issuing, ssh_keys
from lab.databases import ON_SQLITE
from lab.errands import add_machine, ask, ended, said, tasks_of, working
from lab.fleet import Fleet, Machine
from lab.fleet import fleet as boot
from lab.processes import living
from lab.sshd import make_key
from lab.wait import wait_for
from lab.ways import to_machine

pytestmark = ON_SQLITE


@pytest.fixture
def key(people: People, fleet: Fleet) -> Iterator[str]:
    """With a worker that does what people ask for."""
    made = brought_in(people, fleet[0])
    with working(people.parts):
        yield made


def brought_in(people: People, machine: Machine) -> str:
    """The key that opens this machine and all of its fleet."""
    pair = rules.read(machine.key.read_text())
    return ssh_keys.create(people.parts, people.actor("ada"), machine.name, pair).id


def known(people: People, machine: Machine, key: str, **more: Any) -> str:
    where = {"hostname": machine.address, "host_key": to_machine(machine).host_key}
    fields = {"runner": "ssh", "ssh_key_id": key, **where, **more}
    return add_machine(people.parts, fields.pop("name", machine.name), **fields)


def run(people: People, machine_id: str, *argv: str, **more: Any) -> Task:
    [task] = ended(people.parts, ask(people, [machine_id], *argv, **more), 40)
    return task


def test_a_machine_is_reached_through_another(people: People, fleet: Fleet, key: str) -> None:
    jump = known(people, fleet[0], key)
    behind = known(people, fleet[1], key, jump_id=jump)
    task = run(people, behind, "sh", "-c", "hostname -I; echo $SSH_CLIENT")
    own, client = said(people.parts, task).decode().splitlines()
    assert (own.strip(), client.split()[0]) == (fleet[1].address, fleet[0].address)


def test_of_a_jump_that_shows_another_key_it_is_the_jump_that_is_told(
    people: People, fleet: Fleet, key: str, tmp_path: Path
) -> None:
    jump = known(people, fleet[0], key, host_key=make_key(tmp_path / "other"))
    behind = known(people, fleet[1], key, jump_id=jump)
    task = run(people, behind, "true")
    assert (task.state, fleet[0].address in task.reason) == ("unreachable", True)
    with people.parts.database.reading(ACME) as connection:
        found = [machines.get(connection, ACME, each) for each in (jump, behind)]
    offered = [" ".join(each.host_key_offered.split()[:2]) if each else None for each in found]
    assert offered == [to_machine(fleet[0]).host_key, ""]


def test_a_login_with_sudo_runs_and_ends_programs_as_root(
    people: People, with_sudo: Machine, key: str
) -> None:
    may = known(people, with_sudo, key, ssh_user="may")
    task = run(
        people, may, "sh", "-c", "id -un; cat; exit 7", order={"user": "root", "stdin": b"x"}
    )
    assert (task.code, said(people.parts, task)) == (7, b"root\nx"), task
    mark = f"sleep {6_000_000 + os.getpid()}"
    script = f"trap '' TERM; {mark} & echo up; wait"
    command = ask(people, [may], "sh", "-c", script, order={"user": "root"})
    [task] = tasks_of(people.parts, command)
    wait_for(lambda: said(people.parts, task), 10, "the program to run")
    with people.parts.database.writing(ACME) as connection:
        issuing.cancel(connection, command.id, "usr_olga", people.parts.clock())
    people.parts.bell.ring(issuing.TASKS)
    [task] = ended(people.parts, command)
    assert (task.state, living(mark)) == ("canceled", []), task


def test_a_sudo_that_asks_for_a_password_is_told(
    people: People, with_sudo: Machine, key: str
) -> None:
    asks = known(people, with_sudo, key, ssh_user="asks")
    task = run(people, asks, "true", order={"user": "root"})
    assert (task.state, task.code) == ("failed", 1)
    assert "a password is required" in task.reason


def test_a_login_that_cannot_become_another_is_told(
    people: People, with_sudo: Machine, key: str
) -> None:
    with_sudo.ssh("chmod", "0", "/usr/bin/sudo")
    may = known(people, with_sudo, key, ssh_user="may")
    task = run(people, may, "true", order={"user": "root"})
    with_sudo.ssh("chmod", "4755", "/usr/bin/sudo")
    assert "only root or a login that has sudo can run something as root" in task.reason


def test_a_full_disk_runs_nothing_by_halves(people: People, fleet: Fleet, key: str) -> None:
    machine = fleet[1]
    machine.ssh("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/dev/shm")
    try:
        script = b"touch /root/canary\n" + b"#" * 100_000
        task = run(people, known(people, machine, key), "sh", "-s", order={"stdin": script})
        left = machine.ssh("ls", "/dev/shm", "/root").stdout
    finally:
        machine.ssh("umount", "/dev/shm")
    assert (task.state, "stdin did not arrive whole" in task.reason) == ("failed", True), task
    assert "canary" not in left
    assert "hyperion-" not in left


def test_what_runs_while_its_machine_reboots_is_lost_and_not_begun_again(people: People) -> None:
    with boot(1) as [machine], working(people.parts):
        here = known(people, machine, brought_in(people, machine))
        command = ask(people, [here], "sh", "-c", "echo up; exec sleep 1000")
        [task] = tasks_of(people.parts, command)
        wait_for(lambda: said(people.parts, task), 20, "the program to run")
        machine.ssh("systemctl", "reboot")
        [task] = ended(people.parts, command, 60)
        assert (task.state, "the connection broke" in task.reason) == ("lost", True), task
        # A machine of the lab does not come back from that.
        assert run(people, here, "true").state == "unreachable"
