"""Temperatures that the kernel acts upon, and how hard it cools."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

TEMP = gauge("node_thermal_zone_temp", "Temperature of the zone in Celsius.", "zone", "type")
CURRENT = gauge("node_cooling_device_cur_state", "How hard the device cools.", "name", "type")
MAXIMUM = gauge("node_cooling_device_max_state", "How hard it could cool.", "name", "type")


class ThermalZone(Collector):
    name = "thermal_zone"
    help = "Temperatures of the thermal zones and states of the cooling devices."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._devices = Devices(paths.sys("class/thermal"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for device in self._devices.names():
            kind = self._devices.read(device, "type") or ""
            if device.startswith("thermal_zone"):
                zone = device.removeprefix("thermal_zone")
                # A zone without a working sensor answers with an error.
                if temp := self._devices.read(device, "temp"):
                    samples.add(TEMP, int(temp) / 1000, zone, kind)
            elif device.startswith("cooling_device"):
                number = device.removeprefix("cooling_device")
                for file, family in (("cur_state", CURRENT), ("max_state", MAXIMUM)):
                    if state := self._devices.read(device, file):
                        samples.add(family, state, number, kind)
        return [samples]
