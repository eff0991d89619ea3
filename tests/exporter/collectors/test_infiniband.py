"""InfiniBand ports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.infiniband import Infiniband
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/infiniband/mlx5_0"


@pytest.fixture(autouse=True)
def port(write: Write) -> None:
    write(f"{HOME}/fw_ver", "16.35\n")
    write(f"{HOME}/ports/1/state", "4: ACTIVE\n")
    write(f"{HOME}/ports/1/phys_state", "5: LinkUp\n")
    write(f"{HOME}/ports/1/rate", "2.5 Gb/sec (1X)\n")
    write(f"{HOME}/ports/1/counters/port_rcv_data", "10\n")
    write(f"{HOME}/ports/1/counters/port_rcv_errors", "3\n")


def test_a_port_has_state_speed_and_counts(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Infiniband(paths, NoOptions())) == {
        ("node_infiniband_info", "mlx5_0", "", "16.35", ""): 1,
        ("node_infiniband_state_id", "mlx5_0", "1"): 4,
        ("node_infiniband_physical_state_id", "mlx5_0", "1"): 5,
        ("node_infiniband_rate_bytes_per_second", "mlx5_0", "1"): 312_500_000,
        ("node_infiniband_port_data_received_bytes_total", "mlx5_0", "1"): 40,
        ("node_infiniband_port_errors_received_total", "mlx5_0", "1"): 3,
    }


def test_what_the_driver_does_not_count_is_left_out(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/ports/1/counters/port_rcv_errors", "N/A (no PMA)\n")
    names = {key[0] for key in scrape(Infiniband(paths, NoOptions()))}
    assert "node_infiniband_port_errors_received_total" not in names


def test_what_the_hardware_counts_itself_is_given_too(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/ports/1/hw_counters/out_of_buffer", "7\n")
    write(f"{HOME}/ports/1/counters/VL15_dropped", "2\n")
    values = scrape(Infiniband(paths, NoOptions()))
    assert values["node_infiniband_out_of_buffer_drops_total", "mlx5_0", "1"] == 7
    assert values["node_infiniband_vl15_dropped_total", "mlx5_0", "1"] == 2


def test_an_adapter_that_came_back_is_seen_again(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    infiniband = Infiniband(paths, NoOptions())
    before = scrape(infiniband)
    home = paths.sysfs.parent / HOME
    home.rename(paths.sys("gone"))
    with pytest.raises(NoData):
        list(infiniband.collect())
    paths.sys("gone").rename(home)
    assert scrape(infiniband) == before


def test_a_machine_without_adapters_says_so(paths: Paths) -> None:
    paths.sys("class").rename(paths.sys("elsewhere"))
    with pytest.raises(NoData):
        list(Infiniband(paths, NoOptions()).collect())
