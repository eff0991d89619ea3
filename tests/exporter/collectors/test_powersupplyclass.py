"""Batteries and mains adapters."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter import config
from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.powersupplyclass import WORDS, Options, Powersupplyclass
from hyperion_exporter.paths import Paths

Write = Callable[[str, str | bytes], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/power_supply/BAT0"


@pytest.mark.parametrize(
    ("file", "text", "name", "value"),
    [
        ("capacity", "81", "capacity", 81),
        ("cycle_count", "7", "cyclecount", 7),
        ("time_to_empty_now", "600", "time_to_empty_seconds", 600),
        ("energy_now", "36580000", "energy_watthour", 36.58),
        ("voltage_now", "11660000", "voltage_volt", 11.66),
        ("current_now", "-1500000", "current_ampere", -1.5),
        ("charge_full_design", "4000000", "charge_full_design", 4),
        ("temp", "321", "temp_celsius", 32.1),
        ("temp_ambient_alert_max", "500", "temp_ambient_max_celsius", 50),
    ],
)
def test_each_number_has_its_name_and_unit(
    file: str, text: str, name: str, value: float, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/{file}", f"{text}\n")
    samples = scrape(Powersupplyclass(paths, Options()))
    assert samples[f"node_power_supply_{name}", "BAT0"] == pytest.approx(value)


def test_words_become_labels(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/status", "Discharging\n")
    write(f"{HOME}/model_name", b"LNV\xff\n")
    (key,) = scrape(Powersupplyclass(paths, Options()))
    words = {word: text for word, text in zip(WORDS, key[2:], strict=True) if text}
    assert words == {"status": "Discharging", "model_name": "LNV\ufffd"}


def test_supplies_can_be_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/capacity", "81\n")
    write("sys/class/power_supply/AC/online", "1\n")
    samples = scrape(Powersupplyclass(paths, Options(ignored_supplies="^BAT")))
    assert {key[1] for key in samples} == {"AC"}


def test_the_flag_has_node_exporter_s_name(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/capacity", "81\n")
    flags = ["--collector.powersupply.ignored-supplies=^BAT", f"--path.sysfs={paths.sysfs}"]
    (supplies,) = config.read(flags, [Powersupplyclass]).collectors
    assert scrape(supplies) == {}


def test_a_fact_that_the_driver_will_not_say_costs_only_itself(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/capacity", "81\n")
    (paths.sysfs.parent / HOME / "voltage_now").symlink_to("/proc/self/mem")  # opens, then fails
    names = {key[0] for key in scrape(Powersupplyclass(paths, Options()))}
    assert names == {"node_power_supply_capacity", "node_power_supply_info"}


def test_a_machine_without_supplies_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Powersupplyclass(paths, Options()).collect())
