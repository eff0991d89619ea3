"""Neighbours by interface."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.arp import Arp, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

TABLE = """\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         cc:aa:dd:ee:aa:bb     *        eth0
192.0.2.2        0x1         0x0         00:00:00:00:00:00     *        eth0
198.51.100.9     0x1         0x2         bb:cc:dd:ee:ff:aa     *        br-lan
"""


def test_neighbours_are_counted_by_interface(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/arp", TABLE)
    assert scrape(Arp(paths, Options())) == {
        ("node_arp_entries", "eth0"): 2,
        ("node_arp_entries", "br-lan"): 1,
    }


def test_interfaces_can_be_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/arp", TABLE)
    assert list(scrape(Arp(paths, Options(device_exclude="^br-")))) == [
        ("node_arp_entries", "eth0")
    ]


def test_or_be_the_only_ones(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/net/arp", TABLE)
    assert list(scrape(Arp(paths, Options(device_include="^br-")))) == [
        ("node_arp_entries", "br-lan")
    ]


def test_a_machine_without_neighbours_has_no_entries(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/net/arp", TABLE.split("\n")[0] + "\n")
    assert scrape(Arp(paths, Options())) == {}
