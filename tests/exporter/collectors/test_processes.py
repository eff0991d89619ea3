"""Processes and threads by state."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.processes import Processes
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


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


def test_this_machine_agrees_with_itself(scrape: Scrape) -> None:
    samples = scrape(Processes(Paths(), NoOptions()))
    states = {name: 0.0 for name, *_ in samples}
    for (name, *_), value in samples.items():
        states[name] += value
    assert states["node_processes_state"] == samples["node_processes_pids",]
    assert states["node_processes_threads_state"] >= states["node_processes_state"]
