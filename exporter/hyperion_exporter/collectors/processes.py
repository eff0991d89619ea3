"""How many processes and threads there are, and what they are doing."""

import os
import re
import resource
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Kept, Paths

PIDS = gauge("node_processes_pids", "Processes.")
MAX_PIDS = gauge("node_processes_max_processes", "Highest number a process can have.")
THREADS = gauge("node_processes_threads", "Threads.")
MAX_THREADS = gauge("node_processes_max_threads", "Threads that there can be at most.")
STATE = gauge("node_processes_state", "Processes by state, in the letters of ps(1).", "state")
THREAD_STATE = gauge(
    "node_processes_threads_state", "Threads by state, in the letters of ps(1).", "thread_state"
)
# What the kernel says of a process that is no more.
ENDED = (FileNotFoundError, ProcessLookupError)
# The stat files of so many tasks stay open, which halves what reading them costs. A quarter of what
# we may open is kept at most: others have files and clients too.
KEPT = 512
SHARE = 4

# State, and number of threads.
Task = tuple[bytes, int]


class Processes(Collector):
    name = "processes"
    help = "Processes and threads by state."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._root = paths.procfs
        self._loadavg = paths.proc("loadavg")
        self._max_threads = paths.proc("sys/kernel/threads-max")
        self._max_pids = paths.proc("sys/kernel/pid_max")
        self._room = min(KEPT, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE)
        self._processes = _Tasks(self._root, _threads)
        self._threads: dict[str, _Tasks] = {}
        self._shown = False

    def collect(self) -> Iterable[Block]:
        processes = self._processes.look(self._count(), self._room)
        # A copy of /proc may be without its threads.
        self._shown = self._shown or (self._root / "self/task").exists()
        counts = {
            STATE: Counter(state for state, _ in processes.values()),
            THREAD_STATE: Counter(self._thread_states(processes) if self._shown else ()),
        }
        samples = Samples()
        samples.add(PIDS, len(processes))
        samples.add(MAX_PIDS, self._max_pids.text().strip())
        samples.add(THREADS, _threads(processes))
        samples.add(MAX_THREADS, self._max_threads.text().strip())
        for family, states in counts.items():
            for state in sorted(states):
                samples.add(family, states[state], state.decode())
        return [samples]

    def _count(self) -> int:
        """How many threads there are on the whole machine; -1 where it is not said."""
        try:
            # 0.20 0.18 0.12 1/80 11206 (proc(5))
            found = re.search(rb"/(\d+)", self._loadavg.short())
        except OSError:
            return -1
        return int(found[1]) if found else -1

    def _thread_states(self, processes: Mapping[str, Task]) -> list[bytes]:
        # The only thread of a process is in the state of the process.
        states = [state for state, threads in processes.values() if threads == 1]
        many = {process: count for process, (_, count) in processes.items() if count > 1}
        known, room = self._threads, self._room - len(processes)
        self._threads = {}
        for process, count in many.items():
            tasks = known.get(process) or _Tasks(self._root / process / "task", len)
            threads = tasks.look(count, room)
            states += [state for state, _ in threads.values()]
            self._threads[process] = tasks
            room -= len(threads)
        return states


class _Tasks:
    """The tasks that a folder of /proc lists: the processes, or the threads of one."""

    def __init__(self, folder: Path, count: Callable[[Mapping[str, Task]], int]) -> None:
        self._folder = folder
        self._count = count
        self._counted = 0
        self._files: dict[str, Kept] = {}

    def look(self, count: int, room: int) -> dict[str, Task]:
        """Each by its number; the files of the first `room` stay open.

        Where those known make up the `count` that the kernel gives, no other can be there, and the
        folder is not listed anew.
        """
        if self._counted == count:
            tasks = self._read(room)
            if self._count(tasks) == count:
                return tasks
        known = self._files
        self._files = {
            number: known.get(number) or Kept(self._folder / number / "stat")
            for number in self._list()
        }
        tasks = self._read(room)
        self._counted = self._count(tasks)
        return tasks

    def _list(self) -> list[str]:
        try:
            # Names, not Path: making one for each entry costs more than reading it.
            return [name for name in os.listdir(self._folder) if name.isdigit()]  # noqa: PTH208
        except ENDED:
            return []

    def _read(self, room: int) -> dict[str, Task]:
        tasks = {}
        for place, (number, file) in enumerate(self._files.items()):
            try:
                text = file.short()
            except ENDED:
                continue
            if place >= room:
                file.close()
            # After the name, which may hold anything, in brackets (proc(5)).
            fields = text[text.rindex(b") ") + 2 :].split(b" ", 18)
            tasks[number] = fields[0], int(fields[17])
        return tasks


def _threads(processes: Mapping[str, Task]) -> int:
    return sum(threads for _, threads in processes.values())
