"""Bytes in the queues of UDP."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.udp_queues import UdpQueues
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def socket(sent: str, received: str) -> str:
    return f"   0: 00000000:0044 00000000:0000 07 {sent}:{received} 00:00000000 00000000     0\n"


def test_the_queues_of_all_sockets_are_summed(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/udp", HEADER + socket("00000015", "00000000") + socket("00000001", "00000100"))
    write("proc/net/udp6", HEADER)
    assert scrape(UdpQueues(paths, NoOptions())) == {
        ("node_udp_queues", "tx", "v4"): 22,
        ("node_udp_queues", "rx", "v4"): 256,
        ("node_udp_queues", "tx", "v6"): 0,
        ("node_udp_queues", "rx", "v6"): 0,
    }


def test_without_ipv6_there_is_ipv4(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/udp", HEADER)
    assert {ip for _, _, ip in scrape(UdpQueues(paths, NoOptions()))} == {"v4"}


def test_a_machine_without_either_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(UdpQueues(paths, NoOptions()))
