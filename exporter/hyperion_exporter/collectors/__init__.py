"""One subject per file; this list is what there is."""

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.cpu import Cpu
from hyperion_exporter.collectors.diskstats import Diskstats
from hyperion_exporter.collectors.exporter import Exporter
from hyperion_exporter.collectors.filesystem import Filesystem
from hyperion_exporter.collectors.loadavg import Loadavg
from hyperion_exporter.collectors.meminfo import Meminfo
from hyperion_exporter.collectors.netdev import Netdev
from hyperion_exporter.collectors.stat import Stat
from hyperion_exporter.collectors.time import Time
from hyperion_exporter.collectors.uname import Uname
from hyperion_exporter.collectors.vmstat import Vmstat

COLLECTORS: tuple[type[Collector], ...] = (
    Cpu,
    Diskstats,
    Exporter,
    Filesystem,
    Loadavg,
    Meminfo,
    Netdev,
    Stat,
    Time,
    Uname,
    Vmstat,
)
