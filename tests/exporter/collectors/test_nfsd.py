"""Calls answered by the NFS server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.nfsd import Nfsd
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

FILE = """\
rc 1 2 3
fh 4 0 0 0 0
io 5 6
th 7 0
ra 8 0 0 0 0 0 0 0 0 0 0 9
net 99 10 11 12
rpc 13 99 14 15 16
proc3 2 90 17
proc4 2 90 91
proc4ops 5 90 91 92 18 19
wdeleg_getattr 20
"""


def test_all_that_the_server_counts_is_given(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/rpc/nfsd", FILE)
    samples = scrape(Nfsd(paths, NoOptions()))
    assert {key: value for key, value in samples.items() if value} == {
        ("node_nfsd_reply_cache_hits_total",): 1,
        ("node_nfsd_reply_cache_misses_total",): 2,
        ("node_nfsd_reply_cache_nocache_total",): 3,
        ("node_nfsd_file_handles_stale_total",): 4,
        ("node_nfsd_disk_bytes_read_total",): 5,
        ("node_nfsd_disk_bytes_written_total",): 6,
        ("node_nfsd_server_threads",): 7,
        ("node_nfsd_read_ahead_cache_size_blocks",): 8,
        ("node_nfsd_read_ahead_cache_not_found_total",): 9,
        ("node_nfsd_packets_total", "udp"): 10,
        ("node_nfsd_packets_total", "tcp"): 11,
        ("node_nfsd_connections_total",): 12,
        ("node_nfsd_server_rpcs_total",): 13,
        ("node_nfsd_rpc_errors_total", "fmt"): 14,
        ("node_nfsd_rpc_errors_total", "auth"): 15,
        ("node_nfsd_rpc_errors_total", "cInt"): 16,
        ("node_nfsd_requests_total", "3", "GetAttr"): 17,
        ("node_nfsd_requests_total", "4", "Access"): 18,
        ("node_nfsd_requests_total", "4", "Close"): 19,
        ("node_nfsd_requests_total", "4", "WdelegGetattr"): 20,
    }


def test_a_server_that_no_longer_reads_ahead_says_none(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/rpc/nfsd", "th 8 0\n")
    samples = scrape(Nfsd(paths, NoOptions()))
    assert samples["node_nfsd_server_threads",] == 8
    assert samples["node_nfsd_read_ahead_cache_size_blocks",] == 0


def test_a_machine_that_is_no_server_has_no_such_file(paths: Paths) -> None:
    with pytest.raises(FileNotFoundError):
        list(Nfsd(paths, NoOptions()).collect())
