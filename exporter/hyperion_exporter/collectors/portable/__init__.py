"""What psutil tells where the system is not Linux, in the same names; this list is all of it."""

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.portable.boottime import Boottime
from hyperion_exporter.collectors.portable.cpu import Cpu
from hyperion_exporter.collectors.portable.diskstats import Diskstats
from hyperion_exporter.collectors.portable.events import Events
from hyperion_exporter.collectors.portable.exporter import Exporter
from hyperion_exporter.collectors.portable.filesystem import Filesystem
from hyperion_exporter.collectors.portable.hwmon import Hwmon
from hyperion_exporter.collectors.portable.loadavg import Loadavg
from hyperion_exporter.collectors.portable.meminfo import Meminfo
from hyperion_exporter.collectors.portable.netdev import Netdev
from hyperion_exporter.collectors.portable.powersupplyclass import Powersupplyclass
from hyperion_exporter.collectors.portable.service import Service
from hyperion_exporter.collectors.portable.time import Time
from hyperion_exporter.collectors.portable.uname import Uname
from hyperion_exporter.collectors.textfile import Textfile

COLLECTORS: tuple[type[Collector], ...] = (
    Boottime,
    Cpu,
    Diskstats,
    Events,
    Exporter,
    Filesystem,
    Hwmon,
    Loadavg,
    Meminfo,
    Netdev,
    Powersupplyclass,
    Service,
    Textfile,
    Time,
    Uname,
)
