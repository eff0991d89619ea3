"""Batteries and mains adapters."""

from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Filter, NoData, Samples, gauge, option
from hyperion_exporter.devices import Devices, Fact, add_facts
from hyperion_exporter.paths import Paths


def _facts(divisor: int, files: str, renamed: dict[str, str]) -> list[Fact]:
    """Files that say what their family is called, and those that do not."""
    names = {file: file for file in files.split()} | renamed
    return [
        Fact(
            file,
            gauge(f"node_power_supply_{name}", f"The supply's {file.replace('_', ' ')}.",
                  "power_supply"),
            divisor,
        )
        for file, name in names.items()
    ]  # fmt: skip


# The kernel's units are micro (V, A, W, Ah, Wh) and a tenth of a degree (power_supply_class.rst).
FACTS = [
    *_facts(
        1,
        "authentic calibrate capacity capacity_alert_max capacity_alert_min online present",
        {
            "cycle_count": "cyclecount",
            "time_to_empty_now": "time_to_empty_seconds",
            "time_to_full_now": "time_to_full_seconds",
        },
    ),
    *_facts(
        1_000_000,
        "current_boot current_max energy_empty energy_empty_design energy_full energy_full_design"
        " voltage_boot voltage_max voltage_max_design voltage_min voltage_min_design voltage_ocv"
        " charge_control_limit charge_control_limit_max charge_counter charge_empty"
        " charge_empty_design charge_full charge_full_design charge_term_current"
        " constant_charge_current constant_charge_current_max constant_charge_voltage"
        " constant_charge_voltage_max precharge_current input_current_limit",
        {
            "current_now": "current_ampere",
            "energy_now": "energy_watthour",
            "voltage_now": "voltage_volt",
            "charge_now": "charge_ampere",
            "power_now": "power_watt",
        },
    ),
    *_facts(
        10,
        "",
        {
            "temp": "temp_celsius",
            "temp_alert_max": "temp_alert_max_celsius",
            "temp_alert_min": "temp_alert_min_celsius",
            "temp_ambient": "temp_ambient_celsius",
            "temp_ambient_alert_max": "temp_ambient_max_celsius",
            "temp_ambient_alert_min": "temp_ambient_min_celsius",
            "temp_max": "temp_max_celsius",
            "temp_min": "temp_min_celsius",
        },
    ),
]
WORDS = (
    "capacity_level", "charge_type", "health", "manufacturer", "model_name", "serial_number",
    "status", "technology", "type", "usb_type", "scope",
)  # fmt: skip
INFO = gauge("node_power_supply_info", "What the supply says of itself.", "power_supply", *WORDS)


@dataclass(frozen=True)
class Options:
    ignored_supplies: str = option(
        "^$",
        "regular expression of the supplies to leave out",
        flag="collector.powersupply.ignored-supplies",
    )


class Powersupplyclass(Collector):
    name = "powersupplyclass"
    help = "Batteries and mains adapters: charge, voltage, power, state."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._supplies = Devices(paths.sys("class/power_supply"))
        self._wanted = Filter("", options.ignored_supplies)

    def collect(self) -> Iterable[Block]:
        supplies = list(filter(self._wanted, self._supplies.names()))
        if not (supplies or self._supplies.folder.is_dir()):
            raise NoData("no power supply")
        samples = Samples()
        add_facts(samples, self._supplies, FACTS, only=supplies)
        for supply in supplies:
            words = (self._supplies.read(supply, word) or "" for word in WORDS)
            samples.add(INFO, 1, supply, *words)
        return [samples]
