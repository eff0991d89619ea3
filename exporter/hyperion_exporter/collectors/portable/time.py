"""What time this machine believes it is."""

import time
from collections.abc import Callable, Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples
from hyperion_exporter.collectors.time import NOW, ZONE
from hyperion_exporter.paths import Paths


class Time(Collector):
    name = "time"
    help = "System time and its zone."

    def __init__(self, paths: Paths, _: NoOptions, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def collect(self) -> Iterable[Block]:
        now = self._clock()
        zone = time.localtime(now)
        samples = Samples()
        samples.add(NOW, now)
        samples.add(ZONE, zone.tm_gmtoff, zone.tm_zone)
        return [samples]
