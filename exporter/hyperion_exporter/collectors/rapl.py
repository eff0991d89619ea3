"""Energy that processors and memory took, as the processor counts it (RAPL)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, NoData, Samples, counter, option
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

MICROJOULES = 1e6

# intel-rapl:0 is a package, intel-rapl:0:1 a part of it; one with no number holds them all.
_ZONE = re.compile(r".*:\d+")
# package-0, but also dram.
_NAMED = re.compile(r"(.+)-(\d+)")


@dataclass(frozen=True)
class Options:
    enable_zone_label: bool = option(False, "one family for all zones, told apart by a label")


class Rapl(Collector):
    name = "rapl"
    help = "Energy taken by processors and memory."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._zones = Devices(paths.sys("class/powercap"))
        self._labelled = options.enable_zone_label
        self._families: dict[str, Family] = {}

    def collect(self) -> Iterable[Block]:
        zones = [zone for zone in self._zones.names() if _ZONE.fullmatch(zone)]
        if not zones:
            raise NoData("the processor does not count its energy")
        samples = Samples()
        seen: dict[str, int] = {}
        for zone in zones:
            name, index = self._named(zone, seen)
            # Root's alone to read since it was found to leak what the processor works on.
            if energy := self._zones.read(zone, "energy_uj"):
                labels = (index, str(self._zones.folder / zone), name)
                family = self._family(name)
                samples.add(family, int(energy) / MICROJOULES, *labels[: len(family.labels)])
        return [samples]

    def _named(self, zone: str, seen: dict[str, int]) -> tuple[str, str]:
        """What the zone is called and its number, counted where the name has none."""
        name = self._zones.read(zone, "name") or "unknown"
        if match := _NAMED.fullmatch(name):
            return match[1], match[2]
        seen[name] = seen.get(name, -1) + 1
        return name, str(seen[name])

    def _family(self, zone: str) -> Family:
        if self._labelled:
            zone = ""
        family = self._families.get(zone)
        if family is None:
            family = self._families[zone] = _family(zone)
        return family


def _family(zone: str) -> Family:
    if not zone:
        return counter(
            "node_rapl_joules_total", "Energy taken, by zone.", "index", "path", "rapl_zone"
        )
    name = re.sub(r"[^a-zA-Z0-9_]", "_", zone)
    return counter(f"node_rapl_{name}_joules_total", f"Energy that {zone} took.", "index", "path")
