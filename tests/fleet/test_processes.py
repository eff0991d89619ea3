"""Processes and sockets of real machines: seen whole, ended whole, and never the wrong one."""

import subprocess
from collections.abc import Callable

import psutil
import pytest

from hyperion_control.domain import (
    network_orders,
    process_acts,
    process_orders,
    processes,
    sockets,
)
from hyperion_control.domain.orders import Order
from hyperion_control.domain.process_acts import Fate
from hyperion_control.domain.processes import Process
from hyperion_control.errors import Conflict
from hyperion_control.runners.base import End, Outcome
from hyperion_control.runners.line import Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from lab.fleet import Fleet, Machine
from lab.processes import living
from lab.wait import wait_for
from lab.ways import to_machine

Run = Callable[[Order], Outcome]

# Children and grandchildren that heed no SIGTERM, and one that has lost its parent.
TREE = """
trap '' TERM
sleep {mark}1 &
sh -c 'sleep {mark}2 & sh -c "sleep {mark}3 & wait" & wait' &
(sh -c 'sleep {mark}4 & sleep {mark}5' &)
sleep {mark}6
"""
LISTEN = """
import socket
tcp = socket.create_server(("::", 4711), family=socket.AF_INET6, dualstack_ipv6=True)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 4712))
near = socket.create_connection(("127.0.0.1", 4711))
far, _ = tcp.accept()
far.recv(1)
"""
MANY = 1000


@pytest.fixture
def machine(fleet: Fleet) -> Machine:
    return fleet[0]


@pytest.fixture
def run(pool: Pool, machine: Machine) -> Run:
    runner = SshRunner(pool, Way(to_machine(machine)))

    def run(order: Order) -> Outcome:
        outcome = runner.run(order)
        assert outcome.end is End.EXITED, outcome
        return outcome

    return run


def listed(run: Run) -> list[Process]:
    return processes.read(run(process_orders.look()).stdout)


def start(run: Run, pid: int) -> str:
    return processes.one(run(process_orders.look(pid)).stdout).start


def fates(outcome: Outcome) -> list[Fate]:
    return process_acts.fates("boot", outcome.code, outcome.stdout, outcome.stderr)


def refusal(outcome: Outcome) -> str:
    with pytest.raises(Conflict) as refused:
        fates(outcome)
    return refused.value.code


def begin(machine: Machine, *argv: str) -> int:
    """In the background of the machine, in a session of its own."""
    script = 'setsid "$@" >/dev/null 2>&1 </dev/null & echo $!'
    return int(machine.ssh("sh", "-c", script, "sh", *argv).stdout)


def test_a_tree_is_gone_with_three_generations(run: Run, machine: Machine, mark: str) -> None:
    pid = begin(machine, "sh", "-c", TREE.format(mark=mark))
    wait_for(lambda: len(living(f"sleep {mark}")) >= 6, 5, "the whole tree")
    found = fates(run(process_orders.kill(pid, start(run, pid), 1, tree=True)))
    assert (living(f"sleep {mark}"), {fate.result for fate in found}) == ([], {"gone"})
    assert len(found) >= 9


def inside(machine: Machine) -> int:
    """Any process of the machine, as this computer numbers it."""
    all_of_them = psutil.Process(machine.process.pid).children(recursive=True)
    return next(one.pid for one in all_of_them if one.name() == "sshd")


def begin_as(machine: Machine, pid: int, mark: str) -> None:
    """A process that gets this number, which is free."""
    script = f"echo {pid - 1} >/proc/sys/kernel/ns_last_pid; setsid sleep {mark} &"
    enter = ["nsenter", f"--target={inside(machine)}", "--pid", "--", "sh", "-c", script]
    subprocess.run(enter, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_whoever_has_got_the_number_is_never_hit(run: Run, machine: Machine, mark: str) -> None:
    pid = begin(machine, "sleep", f"{mark}1")
    seen = start(run, pid)
    assert fates(run(process_orders.kill(pid, seen, 0, tree=False)))[0].result == "gone"

    def recycled() -> bool:
        begin_as(machine, pid, f"{mark}2")
        return machine.ssh("cat", f"/proc/{pid}/cmdline").stdout == f"sleep\0{mark}2\0"

    wait_for(recycled, 20, f"the number {pid} to be given again")
    for order in (
        process_orders.signal(pid, seen, "TERM", 0),
        process_orders.kill(pid, seen, 0, tree=True),
        process_orders.renice(pid, seen, 19),
    ):
        assert refusal(run(order)) == "process-changed"
    now = processes.one(run(process_orders.look(pid)).stdout)
    assert (now.cmdline, now.nice, now.state) == (("sleep", f"{mark}2"), 0, "sleeping")
    machine.ssh("pkill", "-f", f"sleep {mark}")


def test_the_way_in_cannot_be_cut(run: Run, machine: Machine) -> None:
    ours = [each for each in listed(run) if each.name.startswith(("systemd", "sshd"))]
    sshd = [each for each in ours if each.name.startswith("sshd")]
    assert {each.unit for each in sshd} == {"ssh.service"}
    for each in (*sshd, *(each for each in ours if each.pid == 1)):
        order = process_orders.kill(each.pid, each.start, 0, tree=True)
        assert refusal(run(order)) == "process-protected", each
    assert machine.ssh("true").returncode == 0


def test_a_thousand_processes_are_listed(run: Run, machine: Machine, mark: str) -> None:
    script = f"i=0; while [ $i -lt {MANY} ]; do sleep {mark} & i=$((i + 1)); done; wait"
    pid = begin(machine, "sh", "-c", script)
    wait_for(lambda: len(living(f"sleep {mark}")) >= MANY, 30, "all of them")
    outcome = run(process_orders.look())
    found = processes.read(outcome.stdout)
    assert sum(each.cmdline == ("sleep", mark) for each in found) == MANY
    assert outcome.seconds < 5
    gone = fates(run(process_orders.kill(pid, start(run, pid), 0, tree=True)))
    assert ([fate.result for fate in gone], living(f"sleep {mark}")) == (["gone"] * (MANY + 1), [])


def test_sockets_are_seen_with_who_holds_them(run: Run, machine: Machine) -> None:
    pid = begin(machine, "python3", "-c", LISTEN)

    def held() -> list[sockets.Socket] | None:
        found = sockets.read(run(network_orders.sockets()).stdout).sockets
        mine = [each for each in found if pid in [one.pid for one in each.processes or ()]]
        return mine if len(mine) == 4 else None

    found = wait_for(held, 10, "its sockets") or []
    assert {(each.protocol, each.state, each.address, each.port) for each in found} >= {
        ("tcp", "listen", "::", 4711),
        ("udp", "listen", "127.0.0.1", 4712),
        ("tcp", "established", "127.0.0.1", 4711),
    }
    assert {(each.user, each.processes[0].name) for each in found if each.processes} == {
        ("root", "python3")
    }
    machine.ssh("kill", str(pid))
