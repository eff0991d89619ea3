"""When the machine was started."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, one
from hyperion_exporter.collectors import stat
from hyperion_exporter.collectors.portable.system import Portable


class Boottime(Portable):
    name = "boottime"
    help = "When the machine was booted."

    def collect(self) -> Iterable[Block]:
        return [one((stat.FAMILIES["btime"],), (self._system.psutil.boot_time(),))]
