"""What time this machine believes it is, and by which clock."""

import re
import time
from collections.abc import Callable, Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

NOW = gauge("node_time_seconds", "Time of the machine, since the epoch.")
ZONE = gauge("node_time_zone_offset_seconds", "What local time is ahead of UTC.", "time_zone")
AVAILABLE = gauge(
    "node_time_clocksource_available_info", "A clock that the kernel could use; always 1.",
    "device", "clocksource",
)  # fmt: skip
CURRENT = gauge(
    "node_time_clocksource_current_info", "The clock that the kernel uses; always 1.",
    "device", "clocksource",
)  # fmt: skip
FILES = {"available_clocksource": AVAILABLE, "current_clocksource": CURRENT}


class Time(Collector):
    name = "time"
    help = "System time, its zone and the clock sources."

    def __init__(self, paths: Paths, _: NoOptions, clock: Callable[[], float] = time.time) -> None:
        self._sources = Devices(paths.sys("devices/system/clocksource"))
        self._clock = clock

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        now = self._clock()
        zone = time.localtime(now)
        samples.add(NOW, now)
        samples.add(ZONE, zone.tm_gmtoff, zone.tm_zone)
        for device in self._sources.names():
            if match := re.fullmatch(r"clocksource(\d+)", device):
                for file, family in FILES.items():
                    for source in (self._sources.read(device, file) or "").split():
                        samples.add(family, 1, match[1], source)
        return [samples]
