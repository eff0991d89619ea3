"""Bonds and the links that carry them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.bonding import Bonding
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


@pytest.fixture(autouse=True)
def bonds(write: Write) -> None:
    write("sys/class/net/bonding_masters", "bond0 bond1\n")
    write("sys/class/net/bond0/bonding/slaves", "eth0 eth1\n")
    write("sys/class/net/bond0/lower_eth0/bonding_slave/mii_status", "up\n")
    write("sys/class/net/bond0/lower_eth1/bonding_slave/mii_status", "down\n")
    write("sys/class/net/bond1/bonding/slaves", "\n")


def test_the_links_of_a_bond_and_those_that_are_up_are_counted(
    paths: Paths, scrape: Scrape
) -> None:
    assert scrape(Bonding(paths, NoOptions())) == {
        ("node_bonding_slaves", "bond0"): 2,
        ("node_bonding_active", "bond0"): 1,
        ("node_bonding_slaves", "bond1"): 0,
        ("node_bonding_active", "bond1"): 0,
    }


def test_an_old_kernel_calls_the_links_by_another_name(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("sys/class/net/bond1/bonding/slaves", "eth7\n")
    write("sys/class/net/bond1/slave_eth7/bonding_slave/mii_status", "up\n")
    assert scrape(Bonding(paths, NoOptions()))["node_bonding_active", "bond1"] == 1


def test_a_bond_that_is_just_going_is_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("sys/class/net/bonding_masters", "bond0 bond9\n")
    assert {key[1] for key in scrape(Bonding(paths, NoOptions()))} == {"bond0"}


def test_a_link_that_says_nothing_is_not_up(paths: Paths, scrape: Scrape) -> None:
    (paths.sys("class/net/bond0/lower_eth0/bonding_slave/mii_status")).unlink()
    assert scrape(Bonding(paths, NoOptions()))["node_bonding_active", "bond0"] == 0


def test_a_machine_without_bonds_has_no_such_file(paths: Paths) -> None:
    paths.sys("class/net/bonding_masters").unlink()
    with pytest.raises(FileNotFoundError):
        list(Bonding(paths, NoOptions()).collect())
