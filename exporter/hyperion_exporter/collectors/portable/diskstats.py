"""What the disks read and wrote."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hyperion_exporter.collector import Block, Filter, NoData, Samples, option
from hyperion_exporter.collectors import diskstats
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.paths import Paths

FAMILIES = {family.name: family for family, _ in diskstats.FIELDS}
# By psutil's name; it tells times in milliseconds.
FIELDS = {
    "read_count": (FAMILIES["node_disk_reads_completed_total"], 1),
    "read_bytes": (FAMILIES["node_disk_read_bytes_total"], 1),
    "read_time": (FAMILIES["node_disk_read_time_seconds_total"], 0.001),
    "write_count": (FAMILIES["node_disk_writes_completed_total"], 1),
    "write_bytes": (FAMILIES["node_disk_written_bytes_total"], 1),
    "write_time": (FAMILIES["node_disk_write_time_seconds_total"], 0.001),
}
# There psutil up to 7.2 tells whole seconds, later ones milliseconds (its issue 3002).
UNSURE = {"win32": {"read_time", "write_time"}}


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("", "regular expression of the devices to leave out")
    device_include: str = option("", "regular expression of the only devices to give")


class Diskstats(Portable):
    name = "diskstats"
    help = "Reads and writes of the disks."
    options = Options

    def __init__(self, paths: Paths, options: Options, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        self._wanted = Filter(options.device_include, options.device_exclude)
        unsure = UNSURE.get(self._system.platform, set())
        self._fields = {name: rest for name, rest in FIELDS.items() if name not in unsure}

    def collect(self) -> Iterable[Block]:
        # Prometheus itself sees where a counter begins anew.
        disks: dict[str, Any] = self._system.psutil.disk_io_counters(perdisk=True, nowrap=False)
        if not disks:
            raise NoData("the system counts for no disk")
        samples = Samples()
        for device, counts in disks.items():
            if self._wanted(device):
                for name, (family, factor) in self._fields.items():
                    samples.add(family, getattr(counts, name) * factor, device)
        return [samples]
