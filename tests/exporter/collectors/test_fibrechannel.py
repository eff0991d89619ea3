"""Fibre Channel ports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.fibrechannel import FILES, Fibrechannel
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/fc_host/host3"


def test_a_port_says_what_it_is(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/speed", "16 Gbit\n")
    write(f"{HOME}/port_name", "0x1000e0071bce95f2\n")
    (key,) = scrape(Fibrechannel(paths, NoOptions()))
    words = dict(zip(FILES, key[2:], strict=True))
    assert (words["speed"], words["port_name"]) == ("16 Gbit", "1000e0071bce95f2")
    assert words["symbolic_name"] == ""


def test_counts_are_read_as_the_hexadecimal_they_are(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/statistics/rx_frames", "0x1f\n")
    samples = scrape(Fibrechannel(paths, NoOptions()))
    assert samples["node_fibrechannel_rx_frames_total", "host3"] == 31


def test_what_the_hardware_does_not_count_is_left_out(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/statistics/dumped_frames", "0xffffffffffffffff\n")
    names = {key[0] for key in scrape(Fibrechannel(paths, NoOptions()))}
    assert names == {"node_fibrechannel_info"}


def test_a_machine_without_such_ports_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Fibrechannel(paths, NoOptions()).collect())
