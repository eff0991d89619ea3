"""Temperatures and fans, on the systems where psutil has them: neither Windows nor macOS."""

from collections.abc import Iterable
from typing import Any

from hyperion_exporter.collector import Block, Family, NoData, Samples, gauge
from hyperion_exporter.collectors.hwmon import LABEL
from hyperion_exporter.collectors.portable.system import Portable

# By psutil's function; and what its sensors are called on Linux.
KINDS = {
    "sensors_temperatures": (
        "temp",
        gauge("node_hwmon_temp_celsius", "Sensors of kind temp: input.", "chip", "sensor"),
    ),
    "sensors_fans": (
        "fan",
        gauge("node_hwmon_fan_rpm", "Sensors of kind fan: input.", "chip", "sensor"),
    ),
}


class Hwmon(Portable):
    name = "hwmon"
    help = "Temperatures and fans from the machine's sensors."

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        found = False
        for function, (kind, family) in KINDS.items():
            chips: dict[str, list[Any]] = getattr(self._system.psutil, function, dict)()
            for chip, sensors in chips.items():
                found = True
                _add(samples, family, chip, kind, sensors)
        if not found:
            raise NoData("the system tells of no sensor")
        return [samples]


def _add(samples: Samples, family: Family, chip: str, kind: str, sensors: Iterable[Any]) -> None:
    for number, sensor in enumerate(sensors, start=1):
        name = f"{kind}{number}"
        if sensor.label:
            samples.add(LABEL, 1, chip, sensor.label, name)
        if sensor.current is not None:
            samples.add(family, sensor.current, chip, name)
