"""Sensors of the machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.hwmon import Hwmon, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/hwmon/hwmon0"


@pytest.fixture
def chip(write: Write) -> Path:
    return write(f"{HOME}/name", "Core-Temp\n").parent


@pytest.mark.parametrize(
    ("file", "text", "name", "value"),
    [
        ("temp1_input", "55500", "temp_celsius", 55.5),
        ("temp1_crit_alarm", "0", "temp_crit_alarm_celsius", 0),
        ("temp1_fault", "1", "temp_fault", 1),
        ("temp1_type", "4", "temp_type", 4),
        ("in0_input", "792", "in_volts", 0.792),
        ("in0_beep", "1", "in_beep_enabled", 1),
        ("curr1_input", "1500", "curr_amps", 1.5),
        ("fan2_input", "1098", "fan_rpm", 1098),
        ("fan2_div", "8", "fan_div", 8),
        ("pwm1", "255", "pwm", 255),
        ("power1_average", "2500000", "power_average_watt", 2.5),
        ("power1_average_interval", "1000", "power_average_interval_seconds", 1),
        ("power1_accuracy", "500000", "power_accuracy", 0.5),
        ("energy1_input", "3000000", "energy_joule_total", 3),
        ("humidity1_input", "450000", "humidity", 0.45),
        ("freq1_input", "300000000", "freq_freq_mhz", 300),
        ("beep_enable", "1", "beep_enabled", 1),
        ("update_interval", "2000", "update_interval_seconds", 2),
        ("vrm", "90", "voltage_regulator_version", 90),
    ],
)
def test_each_kind_of_sensor_has_its_name_and_unit(
    file: str, text: str, name: str, value: float, chip: Path, paths: Paths, write: Write,
    scrape: Scrape,
) -> None:  # fmt: skip
    write(f"{HOME}/{file}", f"{text}\n")
    samples = {key[0]: value for key, value in scrape(Hwmon(paths, Options())).items()}
    assert samples.pop("node_hwmon_chip_names") == 1
    assert samples == {f"node_hwmon_{name}": pytest.approx(value)}


def test_a_chip_is_named_by_where_it_sits(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    place = write("sys/devices/platform/coretemp.0/uevent", "").parent
    (chip / "device").symlink_to(place)
    write(f"{HOME}/temp1_input", "40000\n")
    write(f"{HOME}/temp1_label", "Package id 0\n")
    assert scrape(Hwmon(paths, Options())) == {
        ("node_hwmon_chip_names", "platform_coretemp_0", "core_temp"): 1,
        ("node_hwmon_sensor_label", "platform_coretemp_0", "Package id 0", "temp1"): 1,
        ("node_hwmon_temp_celsius", "platform_coretemp_0", "temp1"): 40,
    }


def test_or_by_its_number_where_it_says_nothing(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("sys/class/hwmon/hwmon4/temp1_input", "1000\n")
    assert list(scrape(Hwmon(paths, Options()))) == [("node_hwmon_temp_celsius", "hwmon4", "temp1")]


def test_an_old_driver_keeps_its_sensors_with_the_device(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    (chip / "device").symlink_to(write("sys/devices/isa/chip.9/fan1_input", "800\n").parent)
    assert scrape(Hwmon(paths, Options()))["node_hwmon_fan_rpm", "isa_chip_9", "fan1"] == 800


def test_a_frequency_is_named_by_its_label(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/freq1_input", "5000000\n")
    write(f"{HOME}/freq1_label", "sclk\n")
    assert scrape(Hwmon(paths, Options()))["node_hwmon_freq_freq_mhz", "core_temp", "sclk"] == 5


def test_chips_and_sensors_can_be_chosen(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    for number in (1, 2):
        write(f"{HOME}/temp{number}_input", "1000\n")
    only = {"sensor_include": "core_temp;temp2"}
    assert ("node_hwmon_temp_celsius", "core_temp", "temp2") in (
        found := scrape(Hwmon(paths, Options(**only)))
    )
    assert ("node_hwmon_temp_celsius", "core_temp", "temp1") not in found
    assert scrape(Hwmon(paths, Options(chip_exclude="core"))) == {}


def test_a_sensor_that_is_not_wired_costs_only_itself(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/temp1_input", "1000\n")
    (chip / "temp2_input").symlink_to("/proc/self/mem")  # opens, and then fails
    write(f"{HOME}/temp3_input", "N/A\n")
    (chip / "power").mkdir()
    sensors = {key[2] for key in scrape(Hwmon(paths, Options())) if len(key) == 3}
    assert sensors == {"core_temp", "temp1"}


def test_a_chip_that_took_the_number_of_another_is_looked_at_anew(
    chip: Path, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/temp1_input", "1000\n")
    hwmon = Hwmon(paths, Options())
    assert ("node_hwmon_temp_celsius", "core_temp", "temp1") in scrape(hwmon)
    chip.rename(paths.sys("gone"))
    write(f"{HOME}/name", "other\n")
    write(f"{HOME}/fan1_input", "900\n")
    assert scrape(hwmon) == {
        ("node_hwmon_chip_names", "other", "other"): 1,
        ("node_hwmon_fan_rpm", "other", "fan1"): 900,
    }


def test_a_machine_without_a_place_for_sensors_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Hwmon(paths, Options()).collect())


def test_a_machine_without_sensors_gives_nothing(paths: Paths, scrape: Scrape) -> None:
    paths.sys("class/hwmon").mkdir(parents=True)
    assert scrape(Hwmon(paths, Options())) == {}
