"""Energy of processors and memory."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.rapl import Options, Rapl
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


@pytest.fixture
def zone(write: Write, paths: Paths) -> Callable[[str, str], str]:
    def zone(folder: str, name: str) -> str:
        write(f"sys/class/powercap/{folder}/name", f"{name}\n")
        write(f"sys/class/powercap/{folder}/energy_uj", "2500000\n")
        return str(paths.sys(f"class/powercap/{folder}"))

    return zone


def test_each_zone_has_its_family_and_number(
    zone: Callable[[str, str], str], write: Write, paths: Paths, scrape: Scrape
) -> None:
    write("sys/class/powercap/intel-rapl/enabled", "1\n")
    package, second = zone("intel-rapl:0", "package-0"), zone("intel-rapl:1", "package-1")
    dram, other = zone("intel-rapl:0:0", "dram"), zone("intel-rapl:1:0", "dram")
    assert scrape(Rapl(paths, Options())) == {
        ("node_rapl_package_joules_total", "0", package): 2.5,
        ("node_rapl_package_joules_total", "1", second): 2.5,
        ("node_rapl_dram_joules_total", "0", dram): 2.5,
        ("node_rapl_dram_joules_total", "1", other): 2.5,
    }


def test_the_zone_can_be_a_label(
    zone: Callable[[str, str], str], paths: Paths, scrape: Scrape
) -> None:
    path = zone("intel-rapl:0", "package-0")
    samples = scrape(Rapl(paths, Options(enable_zone_label=True)))
    assert samples == {("node_rapl_joules_total", "0", path, "package"): 2.5}


def test_a_counter_that_is_root_s_alone_is_left_out(
    zone: Callable[[str, str], str], paths: Paths, scrape: Scrape
) -> None:
    zone("intel-rapl:0", "package-0")
    counter = paths.sys("class/powercap/intel-rapl:0/energy_uj")
    counter.unlink()
    counter.symlink_to("/proc/self/mem")  # opens, and then fails
    assert scrape(Rapl(paths, Options())) == {}


def test_a_processor_that_counts_nothing_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Rapl(paths, Options()).collect())
