"""What the network interfaces are."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.netclass import FACTS, Netclass, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


class SaidLinks:
    """Says of the links what a test tells it to."""

    def __init__(self) -> None:
        self.next: set[int] | None = None

    def changed(self) -> set[int] | None:
        said, self.next = self.next, set()
        return said


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def interface(write: Write) -> Callable[..., Path]:
    def interface(name: str, index: int, **files: str) -> Path:
        usual = {"ifindex": str(index), "operstate": "up", "flags": "0x1003", "mtu": "1500"}
        for file, text in (usual | files).items():
            write(f"sys/class/net/{name}/{file}", f"{text}\n")
        return write(f"sys/class/net/{name}/address", "02:00:00:00:00:01\n").parent

    return interface


def test_an_interface_is_described(
    interface: Callable[..., Path], write: Write, paths: Paths, scrape: Scrape
) -> None:
    interface("eth0", 2, speed="1000", dev_id="0x20", duplex="full", ifalias="to the world")
    write("sys/class/net/bonding_masters", "\n")
    assert scrape(Netclass(paths, Options())) == {
        ("node_network_up", "eth0"): 1,
        ("node_network_info", "eth0", "02:00:00:00:00:01", "", "full", "to the world", "up", "up"):
            1,
        ("node_network_device_id", "eth0"): 32,
        ("node_network_flags", "eth0"): 0x1003,
        ("node_network_iface_id", "eth0"): 2,
        ("node_network_mtu_bytes", "eth0"): 1500,
        ("node_network_speed_bytes", "eth0"): 125_000_000,
    }  # fmt: skip


def test_every_fact_has_its_family(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    interface("eth0", 2, **dict.fromkeys(FACTS, "5"))
    samples = scrape(Netclass(paths, Options()))
    assert {samples[family.name, "eth0"] for family in FACTS.values()} == {5}


def test_an_unknown_speed_can_be_left_out(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    interface("eth0", 2, speed="-1")
    speed = ("node_network_speed_bytes", "eth0")
    assert scrape(Netclass(paths, Options()))[speed] == -125_000
    assert speed not in scrape(Netclass(paths, Options(ignore_invalid_speed=True)))


def test_interfaces_can_be_left_out(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    interface("eth0", 2)
    interface("veth7", 7)
    assert {key[1] for key in scrape(Netclass(paths, Options("^veth")))} == {"eth0"}


def test_an_interface_that_is_down_says_so(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    folder = interface("eth0", 2, operstate="down", flags="0x1002")
    (folder / "speed").symlink_to("/proc/self/mem")  # opens, and then fails
    samples = scrape(Netclass(paths, Options()))
    assert samples["node_network_up", "eth0"] == 0
    assert [key[-2:] for key in samples if key[0] == "node_network_info"] == [("down", "down")]
    assert ("node_network_speed_bytes", "eth0") not in samples


def test_what_the_kernel_does_not_say_has_changed_is_not_read_again(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    links = SaidLinks()
    netclass = Netclass(paths, Options(), links)
    interface("eth0", 2)
    interface("eth1", 3)
    before = scrape(netclass)
    interface("eth0", 2, mtu="9000")
    interface("eth1", 3, mtu="9000")
    assert scrape(netclass) == before
    links.next = {3}
    samples = scrape(netclass)
    assert samples["node_network_mtu_bytes", "eth0"] == 1500
    assert samples["node_network_mtu_bytes", "eth1"] == 9000


def test_interfaces_that_come_and_go_are_seen(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    links = SaidLinks()
    netclass = Netclass(paths, Options(), links)
    folder = interface("eth0", 2)
    scrape(netclass)
    shutil.rmtree(folder)
    interface("veth7", 7)
    links.next = {2, 7}
    assert {key[1] for key in scrape(netclass)} == {"veth7"}


def test_all_is_read_again_after_a_while_or_where_the_kernel_lost_count(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    links, clock = SaidLinks(), Clock()
    netclass = Netclass(paths, Options(), links, clock)
    mtu = ("node_network_mtu_bytes", "eth0")
    interface("eth0", 2)
    scrape(netclass)
    interface("eth0", 2, mtu="9000")
    clock.now += 301
    assert scrape(netclass)[mtu] == 9000
    interface("eth0", 2, mtu="4000")
    links.next = None
    assert scrape(netclass)[mtu] == 4000


def test_a_look_that_failed_is_made_again(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    links = SaidLinks()
    netclass = Netclass(paths, Options(), links)
    folder = interface("eth0", 2)
    scrape(netclass)
    folder.rename(paths.sys("elsewhere"))
    links.next = {2}
    for _ in range(2):
        with pytest.raises(NoData):
            list(netclass.collect())
    paths.sys("elsewhere").rename(folder)
    assert scrape(netclass)["node_network_up", "eth0"] == 1


def test_what_makes_no_sense_is_no_answer_the_second_time_either(
    interface: Callable[..., Path], paths: Paths
) -> None:
    interface("eth0", 2)
    interface("eth1", 3, speed="much")
    netclass = Netclass(paths, Options(), SaidLinks())
    for _ in range(2):
        with pytest.raises(ValueError, match="much"):
            list(netclass.collect())


def test_an_interface_that_vanishes_meanwhile_is_left_out(
    interface: Callable[..., Path], paths: Paths, scrape: Scrape
) -> None:
    interface("eth0", 2)
    paths.sys("class/net/gone").mkdir()
    assert {key[1] for key in scrape(Netclass(paths, Options()))} == {"eth0"}
