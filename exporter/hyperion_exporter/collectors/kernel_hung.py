"""How often the kernel found a task that had not run for minutes."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, counter, one
from hyperion_exporter.paths import Paths

TASKS = counter("node_kernel_hung_tasks_total", "Tasks that the kernel found hung since boot.")


class KernelHung(Collector):
    name = "kernel_hung"
    help = "Hung tasks found by the kernel (Linux 6.13 and newer)."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("sys/kernel/hung_task_detect_count")

    def collect(self) -> Iterable[Block]:
        return [one((TASKS,), (self._file.text().strip(),))]
