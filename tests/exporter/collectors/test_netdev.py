"""Traffic and addresses of the interfaces."""

from collections.abc import Callable
from ipaddress import ip_interface
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.netdev import DETAILS, Netdev, Options
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import addresses

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HEADER = "Inter-|   Receive\n face |bytes\n"
ETH0 = "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
ALIAS = "eth0:1: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
ADDRESSES = [
    ("eth0", ip_interface("192.0.2.2/24")),
    ("eth0", ip_interface("fe80::1/64")),
    ("lo", ip_interface("127.0.0.1/8")),
]


def test_each_column_is_a_family(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/dev", HEADER + ETH0 + ALIAS)
    samples = scrape(Netdev(paths, Options()))
    assert samples["node_network_receive_bytes_total", "eth0"] == 1
    assert samples["node_network_receive_multicast_total", "eth0"] == 8
    assert samples["node_network_transmit_bytes_total", "eth0"] == 9
    assert samples["node_network_transmit_compressed_total", "eth0"] == 16
    assert samples["node_network_receive_bytes_total", "eth0:1"] == 1
    assert len(samples) == 32


def test_what_no_protocol_wanted_is_in_a_file_of_its_own(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/dev", HEADER + ETH0 + ALIAS)
    write("sys/class/net/eth0/statistics/rx_nohandler", "17\n")
    samples = scrape(Netdev(paths, Options()))
    assert samples["node_network_receive_nohandler_total", "eth0"] == 17
    assert len(samples) == 33, "an interface without the file has the rest"


def test_the_kernels_own_counters_take_the_place_of_the_sums_when_asked_for(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/dev", HEADER + ETH0 + ALIAS)
    for number, file in enumerate(DETAILS):
        write(f"sys/class/net/eth0/statistics/{file}", f"{number}\n")
    samples = scrape(Netdev(paths, Options(enable_detailed_metrics=True)))
    assert samples["node_network_collisions_total", "eth0"] == DETAILS.index("collisions")
    crc, carrier = DETAILS.index("rx_crc_errors"), DETAILS.index("tx_carrier_errors")
    assert samples["node_network_receive_crc_errors_total", "eth0"] == crc
    assert samples["node_network_transmit_carrier_errors_total", "eth0"] == carrier
    assert len(samples) == len(DETAILS) == 24


def test_the_alias_is_a_label_when_asked_for(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/dev", HEADER + ETH0 + ALIAS)
    write("sys/class/net/eth0/ifalias", 'uplink "14"\n')
    write("sys/class/net/eth0/statistics/rx_nohandler", "17\n")
    samples = scrape(Netdev(paths, Options(label_ifalias=True)))
    assert samples["node_network_receive_bytes_total", "eth0", 'uplink "14"'] == 1
    assert samples["node_network_receive_nohandler_total", "eth0", 'uplink "14"'] == 17
    assert samples["node_network_receive_bytes_total", "eth0:1", ""] == 1


def test_interfaces_can_be_chosen(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/dev", HEADER + ETH0 + ALIAS)
    for options in (Options(device_exclude=":"), Options(device_include="0$")):
        assert {device for _, device in scrape(Netdev(paths, options))} == {"eth0"}


def test_addresses_are_given_when_asked_for(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/dev", HEADER)
    options = Options(address_info=True, device_exclude="nothing")
    assert list(scrape(Netdev(paths, options, lambda: ADDRESSES))) == [
        ("node_network_address_info", "192.0.2.2", "eth0", "24", "global"),
        ("node_network_address_info", "fe80::1", "eth0", "64", "link-local"),
        ("node_network_address_info", "127.0.0.1", "lo", "8", "link-local"),
    ]
    assert scrape(Netdev(paths, Options(), lambda: ADDRESSES)) == {}


def test_the_addresses_of_this_machine_are_found() -> None:
    assert ("lo", ip_interface("127.0.0.1/8")) in addresses.read()


def test_an_interface_that_comes_is_given_and_one_that_goes_is_not(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/dev", HEADER + ETH0)
    collector = Netdev(paths, Options())
    scrape(collector)
    write("proc/net/dev", HEADER + ALIAS)
    assert {device for _, device in scrape(collector)} == {"eth0:1"}


def test_a_line_cut_short_is_a_fault(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/dev", HEADER + "eth0: 1 2 3\n")
    with pytest.raises(ValueError, match="a row of 3"):
        scrape(Netdev(paths, Options()))
