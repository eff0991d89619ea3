"""What the kernel counted since boot."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.stat import Options, Stat
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

TABLE = """\
cpu  301854 612 111922
cpu0 44490 19 21045
intr 8885917 17 0
ctxt 38014093
btime 1418183276
processes 26442
procs_running 2
procs_blocked 1
softirq 5057579 250191 1481983 1647 211099 186066 0 1783454 622196 12499 508444
"""


def test_each_line_is_a_family(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/stat", TABLE)
    assert scrape(Stat(paths, Options())) == {
        ("node_intr_total",): 8885917,
        ("node_context_switches_total",): 38014093,
        ("node_boot_time_seconds",): 1418183276,
        ("node_forks_total",): 26442,
        ("node_procs_running",): 2,
        ("node_procs_blocked",): 1,
    }


def test_soft_interrupts_are_given_when_asked_for(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/stat", TABLE)
    samples = scrape(Stat(paths, Options(softirq=True)))
    assert samples["node_softirqs_total", "hi"] == 250191
    assert samples["node_softirqs_total", "rcu"] == 508444
    assert len(samples) == 16
