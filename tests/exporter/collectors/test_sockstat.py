"""Sockets by protocol."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.sockstat import Sockstat
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_pages_are_given_as_bytes_too(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/sockstat", "sockets: used 229\nTCP: inuse 4 mem 3\nFRAG: inuse 0 memory 1\n")
    write("proc/net/sockstat6", "TCP6: inuse 17\n")
    assert scrape(Sockstat(paths, NoOptions())) == {
        ("node_sockstat_sockets_used",): 229,
        ("node_sockstat_TCP_inuse",): 4,
        ("node_sockstat_TCP_mem",): 3,
        ("node_sockstat_TCP_mem_bytes",): 3 * resource.getpagesize(),
        ("node_sockstat_FRAG_inuse",): 0,
        ("node_sockstat_FRAG_memory",): 1,
        ("node_sockstat_TCP6_inuse",): 17,
    }


def test_a_file_that_was_cut_off_does_not_run_into_the_next(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/sockstat", "UDP: inuse 1")
    write("proc/net/sockstat6", "UDP6: inuse 2\n")
    assert scrape(Sockstat(paths, NoOptions())) == {
        ("node_sockstat_UDP_inuse",): 1,
        ("node_sockstat_UDP6_inuse",): 2,
    }


@pytest.mark.parametrize("name", ["sockstat", "sockstat6"])
def test_one_of_the_two_is_enough(paths: Paths, write: Write, scrape: Scrape, name: str) -> None:
    write(f"proc/net/{name}", "UDP: inuse 1\n")
    assert scrape(Sockstat(paths, NoOptions())) == {("node_sockstat_UDP_inuse",): 1}


def test_a_machine_without_network_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(Sockstat(paths, NoOptions()))
