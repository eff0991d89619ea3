"""Calls of the NFS client."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.nfs import Nfs
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_calls_are_counted_by_version_and_method(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/rpc/nfs", "net 9 1 2 3\nrpc 4 5 6\nproc3 3 7 8 9\nproc4 2 10 11\n")
    samples = scrape(Nfs(paths, NoOptions()))
    assert {key: value for key, value in samples.items() if value} == {
        ("node_nfs_packets_total", "udp"): 1,
        ("node_nfs_packets_total", "tcp"): 2,
        ("node_nfs_connections_total",): 3,
        ("node_nfs_rpcs_total",): 4,
        ("node_nfs_rpc_retransmissions_total",): 5,
        ("node_nfs_rpc_authentication_refreshes_total",): 6,
        ("node_nfs_requests_total", "3", "Null"): 7,
        ("node_nfs_requests_total", "3", "GetAttr"): 8,
        ("node_nfs_requests_total", "3", "SetAttr"): 9,
        ("node_nfs_requests_total", "4", "Null"): 10,
        ("node_nfs_requests_total", "4", "Read"): 11,
    }


def test_a_method_that_the_kernel_does_not_count_stands_at_none(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/rpc/nfs", "rpc 4 5 6\n")
    samples = scrape(Nfs(paths, NoOptions()))
    assert samples["node_nfs_requests_total", "4", "Clone"] == 0
    assert samples["node_nfs_requests_total", "2", "FsStat"] == 0


def test_methods_newer_than_we_are_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/rpc/nfs", f"proc2 30 {'1 ' * 30}\n")
    methods = [key for key in scrape(Nfs(paths, NoOptions())) if key[1:2] == ("2",)]
    assert len(methods) == 18


def test_a_machine_that_uses_no_nfs_has_no_such_file(paths: Paths) -> None:
    with pytest.raises(FileNotFoundError):
        list(Nfs(paths, NoOptions()).collect())
