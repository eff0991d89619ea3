"""How many processes and threads there are, and what they are doing."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

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


class Processes(Collector):
    name = "processes"
    help = "Processes and threads by state."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._root = os.fspath(paths.procfs)
        self._max_threads = paths.proc("sys/kernel/threads-max")
        self._max_pids = paths.proc("sys/kernel/pid_max")

    def collect(self) -> Iterable[Block]:
        states: Counter[bytes] = Counter()
        thread_states: Counter[bytes] = Counter()
        threads = 0
        # A copy of /proc may be without its threads.
        shown = os.access(f"{self._root}/self/task", os.F_OK)
        for folder, state, count in _tasks(self._root):
            states[state] += 1
            threads += int(count)
            if shown:
                thread_states.update(_thread_states(folder, state, count))
        samples = Samples()
        samples.add(PIDS, states.total())
        samples.add(MAX_PIDS, self._max_pids.text().strip())
        samples.add(THREADS, threads)
        samples.add(MAX_THREADS, self._max_threads.text().strip())
        for family, counts in ((STATE, states), (THREAD_STATE, thread_states)):
            for state in sorted(counts):
                samples.add(family, counts[state], state.decode())
        return [samples]


def _thread_states(process: str, state: bytes, count: bytes) -> Iterable[bytes]:
    # The only thread of a process is in the state of the process.
    return (state,) if count == b"1" else [state for _, state, _ in _tasks(f"{process}/task")]


def _tasks(root: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Folder, state and number of threads of each process, or of each thread of one."""
    try:
        # Strings, not Path: making one for each process costs more than reading it.
        entries = os.listdir(root)  # noqa: PTH208
    except ENDED:
        return
    for entry in entries:
        if entry.isdigit():
            folder = f"{root}/{entry}"
            try:
                text = _read(f"{folder}/stat")
            except ENDED:
                continue
            # After the name, which may hold anything, in brackets (proc(5)).
            fields = text[text.rindex(b") ") + 2 :].split(b" ", 18)
            yield folder, fields[0], fields[17]


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 1024)
    finally:
        os.close(fd)
