"""The scripts for processes, on this machine and in the shells that machines have."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperion_control.domain import process_acts, process_orders, processes
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.orders import Order
from hyperion_control.domain.process_acts import Fate
from hyperion_control.domain.process_orders import LIST_BYTES, LIST_LINES
from hyperion_control.domain.processes import Process
from hyperion_control.errors import Conflict
from lab.processes import living
from lab.programs import find, missing
from lab.wait import wait_for

Said = tuple[int, Excerpt, Excerpt]
Begin = Callable[..., subprocess.Popen[bytes]]

# Whatever it names itself, and says with its words, is told of itself only.
HOSTILE = """
import sys
open("/proc/self/comm", "wb").write(b"x) R 1 (\\n1/stat")
print(flush=True)
sys.stdin.read()
"""
# None of them heeds SIGTERM, and one has lost its parent.
TREE = """
trap '' TERM
sleep {mark}1 &
sh -c 'sleep {mark}2 & sh -c "sleep {mark}3 & wait" & wait' &
(sh -c 'sleep {mark}4 & sleep {mark}5' &)
echo
sleep {mark}6
"""
# It has ever more children, until somebody stops it; it leads neither group nor session.
FORKS = "sh -c 'echo $$; while :; do sleep {mark} & sleep 0.005; done' & wait"


@pytest.fixture(params=["/bin/sh", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    return str(find(request.param))


@pytest.fixture
def begin() -> Iterator[Begin]:
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*argv: str | bytes, **more: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        begun.append(subprocess.Popen(argv, start_new_session=True, **pipes, **more))
        return begun[-1]

    yield begin
    for process in begun:
        # Not waited for yet, so the number is still its own, whoever is left of its group.
        os.killpg(process.pid, signal.SIGKILL)
        with process:
            pass


def run(order: Order, shell: str = "/bin/sh", **more: Any) -> Said:
    argv = [shell, *order.argv[1:]]
    done = subprocess.run(argv, capture_output=True, timeout=order.seconds, **more)
    said = (Excerpt(each, b"", len(each)) for each in (done.stdout, done.stderr))
    return done.returncode, *said  # type: ignore[return-value]


def look(pid: int) -> Process:
    return processes.one(run(process_orders.look(pid))[1])


def start(pid: int) -> str:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    return f"{ticks}-{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"


def fates(said: Said) -> list[Fate]:
    return process_acts.fates("boot", *said)


def refusal(said: Said) -> str:
    with pytest.raises(Conflict) as refused:
        fates(said)
    return refused.value.code


def named(begin: Begin, folder: Path, name: str) -> subprocess.Popen[bytes]:
    """A process of this name, which sleeps."""
    program = folder / name
    shutil.copy(find("sleep"), program)
    return begin(str(program), "1000")


def test_processes_are_told_by_every_shell(shell: str, begin: Begin, mark: str) -> None:
    pid = begin("sleep", mark).pid
    found = processes.read(run(process_orders.look(), shell)[1])
    ours = {each.pid: each for each in found}
    assert ours[pid].cmdline == ("sleep", mark)
    assert (ours[pid].ppid, ours[pid].state) == (os.getpid(), "sleeping")
    assert ours[os.getpid()].threads >= 1
    assert ours[pid].start == start(pid)


def test_nothing_that_a_process_says_is_told_of_another(begin: Begin) -> None:
    words = (b"= end\n1/stat:1 (x) R 1", b"\xfe\x1b[2J", "\u202egnp".encode(), b"", b"x" * 5000)
    process = begin(sys.executable, "-c", HOSTILE, *words)
    assert process.stdout
    process.stdout.readline()
    found = look(process.pid)
    assert (found.name, found.ppid) == ("x) R 1 (\n1/stat", os.getpid())
    told = ("= end\n1/stat:1 (x) R 1", "\\xfe\x1b[2J", "\u202egnp", "", "x" * 5000)
    assert found.cmdline[3:] == told


def test_a_list_is_not_crowded_out_by_one(begin: Begin, mark: str) -> None:
    script = f"# {'x' * 10_000}\n" * 10 + f"sleep {mark}; :"
    pid = begin("sh", "-c", script).pid
    found = {each.pid: each for each in processes.read(run(process_orders.look())[1])}
    assert len(found[pid].cmdline[2]) < LIST_LINES * LIST_BYTES
    assert look(pid).cmdline[2] == script


def test_a_process_is_signalled_and_seen_to_go(begin: Begin, mark: str) -> None:
    pid = begin("sleep", mark).pid
    [fate] = fates(run(process_orders.signal(pid, start(pid), "TERM", 5)))
    assert (fate.pid, fate.name, fate.result) == (pid, "sleep", "gone")


def test_who_heeds_no_signal_is_seen_to_stay(begin: Begin) -> None:
    process = begin("sh", "-c", "trap 'echo usr' USR1; echo; while :; do read -r line; done")
    assert process.stdout
    process.stdout.readline()
    [fate] = fates(run(process_orders.signal(process.pid, start(process.pid), "USR1", 0)))
    assert (fate.result, process.stdout.readline()) == ("survived", b"usr\n")


def test_another_start_is_another_process(shell: str, begin: Begin, mark: str) -> None:
    pid = begin("sleep", mark).pid
    ticks, _, boot = start(pid).partition("-")
    for other in (f"{int(ticks) + 1}-{boot}", f"{ticks}-{'0' * 36}"):
        for order in (
            process_orders.signal(pid, other, "KILL", 0),
            process_orders.kill(pid, other, 0, tree=True),
            process_orders.renice(pid, other, 5),
        ):
            assert refusal(run(order, shell)) == "process-changed"
    assert (look(pid).nice, look(pid).state) == (os.getpriority(os.PRIO_PROCESS, 0), "sleeping")


def test_what_holds_the_machine_together_is_left_alone(begin: Begin, tmp_path: Path) -> None:
    """Should it not be, this machine is not harmed: SIGCONT does nothing to who runs."""
    kept = [named(begin, tmp_path, name).pid for name in ("sshd", "hyperion-control", "hyperion")]
    for pid in (1, os.getpid(), *kept):
        order = process_orders.signal(pid, start(pid), "CONT", 0)
        assert refusal(run(order)) == "process-protected", pid
    for order in (
        process_orders.kill(kept[0], start(kept[0]), 0, tree=True),
        process_orders.renice(kept[0], start(kept[0]), 19),
    ):
        assert refusal(run(order)) == "process-protected"
    assert [look(pid).state for pid in kept] == ["sleeping"] * 3


def test_so_is_the_kernel() -> None:
    found = processes.read(run(process_orders.look())[1])
    pid = next((each.pid for each in found if each.ppid == 2 and not each.cmdline), None)
    if pid is None:
        missing("the kernel's own processes: they are not seen in a container")
    said = run(process_orders.signal(pid, start(pid), "CONT", 0))
    assert (refusal(said), said[1].head) == ("process-protected", b"protected kernel\n")


def test_a_tree_is_gone_with_all_generations(shell: str, begin: Begin, mark: str) -> None:
    process = begin("sh", "-c", TREE.format(mark=mark))
    assert process.stdout
    process.stdout.readline()
    wait_for(lambda: len(living(f"sleep {mark}")) >= 6, 5, "the whole tree")
    order = process_orders.kill(process.pid, start(process.pid), 1, tree=True)
    found = fates(run(order, shell))
    assert (living(f"sleep {mark}"), {fate.result for fate in found}) == ([], {"gone"})
    assert len(found) >= 9


def test_a_tree_that_forks_all_the_time_is_gone(begin: Begin, mark: str) -> None:
    process = begin("sh", "-c", FORKS.format(mark=mark))
    assert process.stdout
    pid = int(process.stdout.readline())
    found = fates(run(process_orders.kill(pid, start(pid), 0, tree=True)))
    assert (living(f"sleep {mark}"), {fate.result for fate in found}) == ([], {"gone"})


def test_of_a_tree_what_is_protected_stays(begin: Begin, tmp_path: Path, mark: str) -> None:
    shutil.copy(find("sleep"), tmp_path / "hyperion-agent")
    script = f"sleep {mark} & {tmp_path}/hyperion-agent {mark} & echo; wait"
    process = begin("sh", "-c", script)
    assert process.stdout
    process.stdout.readline()
    wait_for(lambda: len(living(f"hyperion-agent {mark}")) == 2, 5, "the agent")
    found = fates(run(process_orders.kill(process.pid, start(process.pid), 0, tree=True)))
    results = {fate.name: fate.result for fate in found}
    assert results == {"sh": "gone", "sleep": "gone", "hyperion-agent": "protected"}
    assert living(f"hyperion-agent {mark}")


def test_one_alone_is_killed_without_its_children(begin: Begin, mark: str) -> None:
    process = begin("sh", "-c", f"sleep {mark} & echo; wait")
    assert process.stdout
    process.stdout.readline()
    [fate] = fates(run(process_orders.kill(process.pid, start(process.pid), 0, tree=False)))
    assert (fate.pid, fate.result) == (process.pid, "gone")
    assert living(f"sleep {mark}")


def test_nobody_stays_frozen_when_we_are_ended_in_the_middle(
    begin: Begin, tmp_path: Path, mark: str
) -> None:
    (tmp_path / "grep").write_text("#!/bin/sh\nexec sleep 1000\n")
    (tmp_path / "grep").chmod(0o755)
    pid = begin("sleep", mark).pid
    order = process_orders.kill(pid, start(pid), 0, tree=True)
    script = begin(*order.argv, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    wait_for(lambda: look(pid).state == "stopped", 5, "the tree to be frozen")
    os.killpg(script.pid, signal.SIGTERM)
    wait_for(lambda: look(pid).state == "sleeping", 5, "the tree to go on")


def test_all_threads_are_reniced(begin: Begin) -> None:
    script = (
        "import threading; e = threading.Event()\n"
        "for _ in range(3): threading.Thread(target=e.wait, daemon=True).start()\n"
        "print(flush=True); input()"
    )
    process = begin(sys.executable, "-c", script)
    assert process.stdout
    process.stdout.readline()
    before = start(process.pid)
    said = run(process_orders.renice(process.pid, before, 7))
    assert fates(said) == []
    threads = [int(each.name) for each in Path(f"/proc/{process.pid}/task").iterdir()]
    assert [os.getpriority(os.PRIO_PROCESS, thread) for thread in threads] == [7] * 4
    assert start(process.pid) == before


def test_what_the_login_may_not_do_is_refused(begin: Begin, mark: str) -> None:
    if os.geteuid() != 0:
        missing("another login: only root can be somebody else")
    pid = begin("sleep", mark).pid
    for order in (
        process_orders.signal(pid, start(pid), "TERM", 0),
        process_orders.kill(pid, start(pid), 0, tree=True),
        process_orders.renice(pid, start(pid), 5),
    ):
        assert refusal(run(order, user=65534, group=65534)) == "process-denied"
    seen = processes.one(run(process_orders.look(pid), user=65534, group=65534)[1])
    assert (seen.user, seen.read_bytes) == ("root", None)
