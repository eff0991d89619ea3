"""What the network protocols counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.netstat import Netstat, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

NETSTAT = """\
TcpExt: SyncookiesSent ListenDrops TCPTimeouts ArpFilter
TcpExt: 1 2 3 4
IpExt: InOctets
IpExt: 6286396970
"""
SNMP = """\
Tcp: MaxConn CurrEstab RtoMin
Tcp: -1 5 200
Udp: InErrors
Udp: 6
"""
SNMP6 = (
    "Ip6InOctets                     \t460\nUdpLite6InErrors                \t7\nIp6InReceives 1\n"
)


@pytest.fixture
def machine(write: Write) -> None:
    write("proc/net/netstat", NETSTAT)
    write("proc/net/snmp", SNMP)


def test_names_and_values_are_brought_together(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/snmp6", SNMP6)
    assert scrape(Netstat(paths, Options())) == {
        ("node_netstat_TcpExt_SyncookiesSent",): 1,
        ("node_netstat_TcpExt_ListenDrops",): 2,
        ("node_netstat_TcpExt_TCPTimeouts",): 3,
        ("node_netstat_IpExt_InOctets",): 6286396970,
        ("node_netstat_Tcp_MaxConn",): -1,
        ("node_netstat_Tcp_CurrEstab",): 5,
        ("node_netstat_Udp_InErrors",): 6,
        ("node_netstat_Ip6_InOctets",): 460,
        ("node_netstat_UdpLite6_InErrors",): 7,
    }


def test_all_fields_can_be_asked_for(machine: None, paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Netstat(paths, Options(fields="")))
    assert samples["node_netstat_TcpExt_ArpFilter",] == 4
    assert len(samples) == 9


def test_values_are_read_anew_each_time(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Netstat(paths, Options(fields="CurrEstab"))
    assert list(scrape(collector).values()) == [5]
    write("proc/net/snmp", SNMP.replace("-1 5", "-1 77"))
    assert list(scrape(collector).values()) == [77]


def test_a_kernel_that_names_more_is_followed(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Netstat(paths, Options(fields="CurrEstab"))
    scrape(collector)
    write("proc/net/snmp", "Tcp: New MaxConn CurrEstab\nTcp: 1 2 3\n")
    assert list(scrape(collector).values()) == [3]


def test_names_without_values_are_a_fault(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/snmp", SNMP + "Icmp: InMsgs\n")
    with pytest.raises(ValueError, match="zip"):
        scrape(Netstat(paths, Options()))
