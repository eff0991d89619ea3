"""What the exporter says of itself, beside what the system says of it."""

import os
import resource
import time
from collections.abc import Callable

from hyperion_exporter import __version__
from hyperion_exporter.collectors.exporter import Exporter, Options
from hyperion_exporter.paths import Paths

Samples = dict[tuple[str, ...], float]


def test_it_says_its_version_and_what_it_costs(
    paths: Paths, scrape: Callable[[Exporter], Samples]
) -> None:
    """Of the machine at --path.procfs it is no process: these numbers are its own."""
    samples = scrape(Exporter(paths, Options()))
    [build] = [key for key in samples if key[0] == "node_exporter_build_info"]
    assert __version__ in build
    used = resource.getrusage(resource.RUSAGE_SELF)
    assert 0 <= used.ru_utime + used.ru_stime - samples["process_cpu_seconds_total",] < 1
    assert samples["process_resident_memory_bytes",] <= used.ru_maxrss * 1024 * 1.05
    assert samples["process_virtual_memory_bytes",] > samples["process_resident_memory_bytes",]
    assert 0 < time.time() - samples["process_start_time_seconds",] < 24 * 3600
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert samples["process_max_fds",] == limit


def test_it_counts_its_descriptors(paths: Paths, scrape: Callable[[Exporter], Samples]) -> None:
    exporter = Exporter(paths, Options())
    scrape(exporter)
    before = scrape(exporter)["process_open_fds",]
    ends = os.pipe()
    assert scrape(exporter)["process_open_fds",] == before + 2
    for end in ends:
        os.close(end)
    assert scrape(exporter)["process_open_fds",] == before


def test_its_start_does_not_move(paths: Paths, scrape: Callable[[Exporter], Samples]) -> None:
    exporter = Exporter(paths, Options())
    starts = {scrape(exporter)["process_start_time_seconds",] for _ in range(3)}
    assert len(starts) == 1


def test_what_it_costs_can_be_left_out(paths: Paths, scrape: Callable[[Exporter], Samples]) -> None:
    samples = scrape(Exporter(paths, Options(only_version=True)))
    assert {key[0] for key in samples} == {"node_exporter_build_info"}
