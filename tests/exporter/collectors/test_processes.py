"""Processes and threads by state."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.processes import KEPT, SHARE, Processes
from hyperion_exporter.paths import Paths
from lab.wait import wait_for

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


PIDS = ("node_processes_pids",)
THREADS = ("node_processes_threads",)
# Has as many threads as each line says.
THREADED = """
import sys, threading
others = []
for line in sys.stdin:
    while len(others) < int(line) - 1:
        release = threading.Event()
        others.append((release, threading.Thread(target=release.wait, daemon=True)))
        others[-1][1].start()
    while len(others) > int(line) - 1:
        release, thread = others.pop()
        release.set()
        thread.join()
    print(flush=True)
"""
LOADAVG = "0.20 0.18 0.12 1/{} 11206\n"


def stat(number: int, name: str, state: str, threads: int) -> str:
    return f"{number} ({name}) {state} 0 1 1 0 -1 4194560 9 9 9 3 3 9 5 1 20 0 {threads} 0 29 10\n"


@pytest.fixture
def machine(write: Write, paths: Paths) -> None:
    write("proc/sys/kernel/threads-max", "7801\n")
    write("proc/sys/kernel/pid_max", "32768\n")
    write("proc/1/stat", stat(1, "systemd", "S", 1))
    write("proc/20/stat", stat(20, "a) R 1 (b", "S", 3))
    for thread, state in ((20, "S"), (21, "R"), (22, "D")):
        write(f"proc/20/task/{thread}/stat", stat(thread, "a) R 1 (b", state, 3))
    (paths.procfs / "self/task").mkdir(parents=True)


def test_they_are_counted_by_state(machine: None, paths: Paths, scrape: Scrape) -> None:
    assert scrape(Processes(paths, NoOptions())) == {
        ("node_processes_pids",): 2,
        ("node_processes_max_processes",): 32768,
        ("node_processes_threads",): 4,
        ("node_processes_max_threads",): 7801,
        ("node_processes_state", "S"): 2,
        ("node_processes_threads_state", "D"): 1,
        ("node_processes_threads_state", "R"): 1,
        ("node_processes_threads_state", "S"): 2,
    }


def test_a_process_that_ends_meanwhile_is_left_out(
    machine: None, paths: Paths, scrape: Scrape
) -> None:
    (paths.procfs / "1/stat").unlink()
    (paths.procfs / "20/task/22/stat").unlink()
    samples = scrape(Processes(paths, NoOptions()))
    assert samples["node_processes_pids",] == 1
    assert ("node_processes_threads_state", "D") not in samples


def test_a_copy_without_threads_gives_processes(
    machine: None, paths: Paths, scrape: Scrape
) -> None:
    (paths.procfs / "self/task").rmdir()
    assert not [
        name for name, *_ in scrape(Processes(paths, NoOptions())) if "threads_state" in name
    ]


def test_processes_are_looked_for_when_the_kernel_counts_other_than_those_known(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Processes(paths, NoOptions())
    write("proc/loadavg", LOADAVG.format(4))
    assert scrape(collector)[PIDS] == 2
    write("proc/30/stat", stat(30, "new", "S", 1))
    assert scrape(collector)[PIDS] == 2, "four threads were known, and there are four"
    write("proc/loadavg", LOADAVG.format(5))
    assert scrape(collector)[PIDS] == 3


@pytest.mark.parametrize("damaged", ["", "0.20 0.18", "0.20 0.18 0.12 1/x 1\n"])
def test_where_the_kernel_does_not_count_them_they_are_looked_for_each_time(
    damaged: str, machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Processes(paths, NoOptions())
    write("proc/loadavg", damaged)
    assert scrape(collector)[PIDS] == 2
    write("proc/30/stat", stat(30, "new", "S", 1))
    assert scrape(collector)[PIDS] == 3


def test_who_came_for_one_that_ended_is_seen_though_the_count_is_the_same(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Processes(paths, NoOptions())
    write("proc/loadavg", LOADAVG.format(5))
    first, second = (subprocess.Popen("cat", stdin=subprocess.PIPE) for _ in range(2))
    with second, first:
        (paths.procfs / "30").symlink_to(f"/proc/{first.pid}")
        assert scrape(collector)[PIDS] == 3
        first.communicate()
        (paths.procfs / "31").symlink_to(f"/proc/{second.pid}")
        assert scrape(collector)[PIDS] == 3


def test_threads_that_come_and_go_are_counted(machine: None, paths: Paths, scrape: Scrape) -> None:
    collector = Processes(paths, NoOptions())

    def threads() -> float:
        samples = scrape(collector)
        states = sum(count for key, count in samples.items() if "_threads_state" in key[0])
        assert states == samples[THREADS]
        return states

    argv = [sys.executable, "-c", THREADED]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin and child.stdout
        (paths.procfs / "30").symlink_to(f"/proc/{child.pid}")
        for count in (1, 2, 1, 2, 3, 1):
            print(count, file=child.stdin, flush=True)
            child.stdout.readline()
            # The last of a thread is gone a moment after its end.
            wait_for(lambda wanted=4 + count: threads() == wanted, 10, f"{count} threads")
        child.stdin.close()


def test_files_stay_open_for_so_many_tasks_only(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    for number in range(1000, 1600):
        write(f"proc/{number}/stat", stat(number, "one of many", "S", 1))
    collector = Processes(paths, NoOptions())
    for _ in range(2):
        assert scrape(collector)[PIDS] == 602
        most = min(KEPT, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE)
        assert len(held(paths)) == most
    for number in range(1000, 1600):
        shutil.rmtree(paths.procfs / str(number))
    scrape(collector)
    assert len(held(paths)) == 5, "two processes and three threads are left"


def held(paths: Paths) -> list[str]:
    """The stat files below that folder that are open."""
    links = (fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink())
    files = (str(file).removesuffix(" (deleted)") for file in links)
    return [file for file in files if file.startswith(f"{paths.procfs}/") and file.endswith("stat")]


def test_this_machine_agrees_with_itself(scrape: Scrape) -> None:
    samples = scrape(Processes(Paths(), NoOptions()))
    states = {name: 0.0 for name, *_ in samples}
    for (name, *_), value in samples.items():
        states[name] += value
    assert states["node_processes_state"] == samples["node_processes_pids",]
    assert states["node_processes_threads_state"] >= states["node_processes_state"]
