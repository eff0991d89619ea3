"""Thermal zones and cooling devices."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.thermal_zone import ThermalZone
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/thermal"


def test_zones_have_a_temperature_and_devices_a_state(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/thermal_zone3/type", "acpitz\n")
    write(f"{HOME}/thermal_zone3/temp", "-12500\n")
    write(f"{HOME}/cooling_device1/type", "Processor\n")
    write(f"{HOME}/cooling_device1/cur_state", "1\n")
    write(f"{HOME}/cooling_device1/max_state", "3\n")
    assert scrape(ThermalZone(paths, NoOptions())) == {
        ("node_thermal_zone_temp", "3", "acpitz"): -12.5,
        ("node_cooling_device_cur_state", "1", "Processor"): 1,
        ("node_cooling_device_max_state", "1", "Processor"): 3,
    }


def test_a_zone_whose_sensor_fails_costs_only_itself(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/thermal_zone0/type", "wifi\n")
    paths.sys("class/thermal/thermal_zone0/temp").symlink_to("/proc/self/mem")  # opens, then fails
    write(f"{HOME}/thermal_zone1/temp", "40000\n")
    assert scrape(ThermalZone(paths, NoOptions())) == {("node_thermal_zone_temp", "1", ""): 40}


def test_a_machine_that_measures_nothing_gives_nothing(paths: Paths, scrape: Scrape) -> None:
    assert scrape(ThermalZone(paths, NoOptions())) == {}
