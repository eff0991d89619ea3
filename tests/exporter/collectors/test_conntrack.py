"""Connections that netfilter tracks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.conntrack import Conntrack
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

COUNT = "proc/sys/net/netfilter/nf_conntrack_count"
MAX = "proc/sys/net/netfilter/nf_conntrack_max"
STAT = "proc/net/stat/nf_conntrack"


def test_the_counts_of_all_processors_are_summed(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(COUNT, "123\n")
    write(MAX, "65536\n")
    # The columns of a newer kernel, in which searched is clashres.
    write(STAT, "entries clashres found drop\n0000007b 00 0000000a 00\n0000007b 00 00000001 02\n")
    assert scrape(Conntrack(paths, NoOptions())) == {
        ("node_nf_conntrack_entries",): 123,
        ("node_nf_conntrack_entries_limit",): 65536,
        ("node_nf_conntrack_stat_found",): 11,
        ("node_nf_conntrack_stat_drop",): 2,
    }


def test_a_kernel_without_statistics_still_says_how_full_it_is(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(COUNT, "1\n")
    write(MAX, "2\n")
    assert set(scrape(Conntrack(paths, NoOptions())).values()) == {1, 2}


def test_a_kernel_that_tracks_nothing_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(FileNotFoundError):
        scrape(Conntrack(paths, NoOptions()))
