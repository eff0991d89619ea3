"""Control groups by subsystem."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.cgroups import Cgroups
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_groups_are_counted_by_subsystem(paths: Paths, write: Write, scrape: Scrape) -> None:
    table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t172\t1\nmemory\t0\t5\t0\n"
    write("proc/cgroups", table)
    assert scrape(Cgroups(paths, NoOptions())) == {
        ("node_cgroups_cgroups", "cpu"): 172,
        ("node_cgroups_cgroups", "memory"): 5,
        ("node_cgroups_enabled", "cpu"): 1,
        ("node_cgroups_enabled", "memory"): 0,
    }
