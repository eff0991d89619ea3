"""The battery: how full it is, how long it lasts, and whether the machine is plugged in."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, NoData, Samples, gauge
from hyperion_exporter.collectors import powersupplyclass
from hyperion_exporter.collectors.portable.system import Portable

FAMILIES = {fact.family.name: fact.family for fact in powersupplyclass.FACTS}
CAPACITY = FAMILIES["node_power_supply_capacity"]
ONLINE = FAMILIES["node_power_supply_online"]
LEFT = FAMILIES["node_power_supply_time_to_empty_seconds"]
# What node_exporter calls the capacity on macOS.
MACOS_CAPACITY = gauge(
    "node_power_supply_current_capacity", "The supply's capacity.", "power_supply"
)
# psutil does not tell their names.
BATTERY, MAINS = "battery", "mains"


class Powersupplyclass(Portable):
    name = "powersupplyclass"
    help = "Charge of the battery, and whether the machine is plugged in."

    def collect(self) -> Iterable[Block]:
        # Where psutil has no such function, a machine has no such battery either.
        battery = getattr(self._system.psutil, "sensors_battery", lambda: None)()
        if battery is None:
            raise NoData("no battery")
        samples = Samples()
        # Windows says 255 when it does not know.
        if battery.percent <= 100:
            samples.add(CAPACITY, battery.percent, BATTERY)
            if self._system.platform == "darwin":
                samples.add(MACOS_CAPACITY, battery.percent, BATTERY)
        # Below zero are psutil's words for "not known" and "plugged in".
        if battery.secsleft >= 0:
            samples.add(LEFT, int(battery.secsleft), BATTERY)
        if battery.power_plugged is not None:
            samples.add(ONLINE, int(battery.power_plugged), MAINS)
        return [samples]
