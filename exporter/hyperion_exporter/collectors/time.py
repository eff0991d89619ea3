"""What time this machine believes it is."""

import time
from collections.abc import Callable, Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

NOW = gauge("node_time_seconds", "System time in seconds since epoch (1970).")
ZONE = gauge("node_time_zone_offset_seconds", "System time zone offset in seconds.", "time_zone")
CURRENT = gauge("node_time_clocksource_current_info", "", "device", "clocksource")
AVAILABLE = gauge("node_time_clocksource_available_info", "", "device", "clocksource")


class Time(Collector):
    name = "time"
    help = "System time, its zone and the clock sources."

    def __init__(self, paths: Paths, _: NoOptions, clock: Callable[[], float] = time.time) -> None:
        self._sources = paths.sys("devices/system/clocksource")
        self._clock = clock

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        now = self._clock()
        zone = time.localtime(now)
        samples.add(NOW, now)
        samples.add(ZONE, zone.tm_gmtoff, zone.tm_zone)
        for device in sorted(self._sources.glob("clocksource[0-9]*")):
            number = device.name.removeprefix("clocksource")
            for source in (device / "available_clocksource").read_text().split():
                samples.add(AVAILABLE, 1, number, source)
            for source in (device / "current_clocksource").read_text().split():
                samples.add(CURRENT, 1, number, source)
        return [samples]
