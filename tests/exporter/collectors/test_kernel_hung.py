"""Tasks that the kernel found hung."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.kernel_hung import KernelHung
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_they_are_counted(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/sys/kernel/hung_task_detect_count", "42\n")
    assert scrape(KernelHung(paths, NoOptions())) == {("node_kernel_hung_tasks_total",): 42}


def test_an_older_kernel_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(FileNotFoundError):
        scrape(KernelHung(paths, NoOptions()))
