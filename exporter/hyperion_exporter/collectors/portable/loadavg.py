"""How many tasks want to run, averaged over one, five and fifteen minutes."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, one
from hyperion_exporter.collectors.loadavg import LOADS
from hyperion_exporter.collectors.portable.system import Portable


class Loadavg(Portable):
    name = "loadavg"
    help = "Load average; Windows has none, psutil reckons it from the first scrape on."

    def collect(self) -> Iterable[Block]:
        return [one(LOADS, self._system.psutil.getloadavg())]
