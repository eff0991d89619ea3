"""What the block devices read, wrote and waited for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, Samples, counter, gauge, option
from hyperion_exporter.paths import Paths

# The kernel counts in these whatever the device's own sectors are (iostats, kernel documentation).
SECTOR_BYTES = 512


def _count(name: str, help: str) -> tuple[Family, int | float]:
    return counter(f"node_disk_{name}_total", help, "device"), 1


def _bytes(name: str, help: str) -> tuple[Family, int | float]:
    return counter(f"node_disk_{name}_total", help, "device"), SECTOR_BYTES


def _milliseconds(name: str, help: str) -> tuple[Family, int | float]:
    return counter(f"node_disk_{name}_seconds_total", help, "device"), 0.001


# In the order of a line of /proc/diskstats. Discards came with Linux 4.18, flushes with 5.5.
FIELDS = (
    _count("reads_completed", "Reads that ended successfully."),
    _count("reads_merged", "Reads that were merged with a neighbour."),
    _bytes("read_bytes", "Bytes read successfully."),
    _milliseconds("read_time", "Time that all reads took together."),
    _count("writes_completed", "Writes that ended successfully."),
    _count("writes_merged", "Writes that were merged with a neighbour."),
    _bytes("written_bytes", "Bytes written successfully."),
    _milliseconds("write_time", "Time that all writes took together."),
    (gauge("node_disk_io_now", "Requests in progress.", "device"), 1),
    _milliseconds("io_time", "Time during which at least one request was in progress."),
    _milliseconds("io_time_weighted", "Time in progress, each request counted on its own."),
    _count("discards_completed", "Discards that ended successfully."),
    _count("discards_merged", "Discards that were merged with a neighbour."),
    _count("discarded_sectors", "Sectors discarded successfully."),
    _milliseconds("discard_time", "Time that all discards took together."),
    _count("flush_requests", "Flushes that ended successfully."),
    _milliseconds("flush_requests_time", "Time that all flushes took together."),
)


@dataclass(frozen=True)
class Options:
    device_exclude: str = option(
        r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
        "regular expression of the devices to leave out",
    )
    device_include: str = option("", "regular expression of the only devices to give")


class Diskstats(Collector):
    name = "diskstats"
    help = "Block device statistics from /proc/diskstats."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("diskstats")
        self._exclude = re.compile(options.device_exclude) if options.device_exclude else None
        self._include = re.compile(options.device_include)

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            _, _, device, *values = line.split()
            if self._wanted(device):
                for (family, factor), value in zip(FIELDS, values, strict=False):
                    samples.add(family, value if factor == 1 else int(value) * factor, device)
        return [samples]

    def _wanted(self, device: str) -> bool:
        if self._exclude and self._exclude.search(device):
            return False
        return bool(self._include.search(device))
