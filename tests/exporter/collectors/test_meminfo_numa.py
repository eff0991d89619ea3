"""Memory of each NUMA node."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.meminfo_numa import MeminfoNuma
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

NODE = "sys/devices/system/node"


def test_each_node_has_its_memory_and_its_allocations(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(
        f"{NODE}/node1/meminfo",
        "\nNode 1 Active(anon):     590464 kB\nNode 1 HugePages_Free:     3\n",
    )
    write(f"{NODE}/node1/numastat", "numa_hit 57146\nother_node 18179487\n")
    write(f"{NODE}/possible", "0-1\n")
    assert scrape(MeminfoNuma(paths, NoOptions())) == {
        ("node_memory_numa_Active_anon", "1"): 590464 * 1024,
        ("node_memory_numa_HugePages_Free", "1"): 3,
        ("node_memory_numa_numa_hit_total", "1"): 57146,
        ("node_memory_numa_other_node_total", "1"): 18179487,
    }


def test_a_line_cut_short_costs_that_line(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{NODE}/node0/meminfo", "Node 0 MemFree: 1 kB\nNode 0 MemTot\nNode 0\n")
    samples = scrape(MeminfoNuma(paths, NoOptions()))
    assert samples == {("node_memory_numa_MemFree", "0"): 1024}


def test_a_machine_without_nodes_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(MeminfoNuma(paths, NoOptions()))
