"""What the block devices read, wrote and waited for, and what they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Filter,
    Labels,
    Samples,
    counter,
    gauge,
    option,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Parsed, Paths
from hyperion_exporter.stencil import Number, Stencil, numbered


class Properties(dict[str, str]):
    """What udev knows of a device; what it does not know is empty."""

    def __missing__(self, _: str) -> str:
        return ""


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


INFO = gauge(
    "node_disk_info", "What the disk is; always 1.",
    "device", "major", "minor", "model", "path", "revision", "rotational", "serial", "wwn",
)  # fmt: skip
FILESYSTEM = gauge(
    "node_disk_filesystem_info", "What the disk holds; always 1.",
    "device", "type", "usage", "uuid", "version",
)  # fmt: skip
MAPPER = gauge(
    "node_disk_device_mapper_info", "What the mapped device is; always 1.",
    "device", "name", "uuid", "vg_name", "lv_name", "lv_layer",
)  # fmt: skip
BACKING = gauge(
    "node_disk_device_mapper_backing_device_info",
    "A device that the mapped device is made of; always 1.",
    "device",
    "backing_device",
)
# By udev's name for it.
ATA = {
    "ID_ATA_WRITE_CACHE": gauge(
        "node_disk_ata_write_cache", "Whether the disk has a cache for writes.", "device"
    ),
    "ID_ATA_WRITE_CACHE_ENABLED": gauge(
        "node_disk_ata_write_cache_enabled", "Whether the disk's cache for writes is on.", "device"
    ),
    "ID_ATA_ROTATION_RATE_RPM": gauge(
        "node_disk_ata_rotation_rate_rpm", "Turns a minute; 0 where nothing turns.", "device"
    ),
}


@dataclass(frozen=True)
class Options:
    device_exclude: str = option(
        r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
        "regular expression of the devices to leave out, where no include is given",
    )
    device_include: str = option("", "regular expression of the only devices to give")


class Diskstats(Collector):
    name = "diskstats"
    help = "Block device statistics from /proc/diskstats."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("diskstats")
        self._disks = Devices(paths.sys("block"))
        self._udev = paths.udev_data
        self._known: dict[str, Parsed[Properties]] = {}
        exclude = "" if options.device_include else options.device_exclude
        self._wanted = Filter(options.device_include, exclude)
        self._stencil = Stencil(self._find)
        # Major, minor and name of each.
        self._devices: list[Labels] = []

    def collect(self) -> Iterable[Block]:
        counts = self._stencil.read(self._file.text())
        infos = Samples()
        known, self._known = self._known, {}
        for major, minor, device in self._devices:
            number = f"{major}:{minor}"
            file = known.get(number) or Parsed(self._udev / f"b{number}", _properties)
            self._known[number] = file
            udev = _get(file)
            self._add_info(infos, (device, major, minor), udev)
            _add_contents(infos, device, udev)
            if udev["DM_NAME"]:
                self._add_mapped(infos, device, udev)
        if known.keys() != self._known.keys():
            # Forgets the files of disks that have gone.
            self._disks.names()
        return [counts, infos]

    def _find(self, text: str) -> Iterator[Number]:
        devices: list[Labels] = []
        for first, (major, minor, device, *values) in numbered(text):
            wanted = self._wanted(device)
            if wanted:
                devices.append((major, minor, device))
            for place, _ in enumerate(values):
                # A kernel newer than we are may tell more.
                family, factor = FIELDS[place] if wanted and place < len(FIELDS) else (None, 1)
                yield Number(first + 3 + place, family, (device,), factor)
        # Not before all is read: of a damaged file the stencil keeps what it knew.
        self._devices = devices

    def _add_info(self, samples: Samples, names: Labels, udev: Properties) -> None:
        # What is printed on the disk; virtual ones have no more than the last.
        serials = (udev[n] for n in ("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"))
        samples.add(
            INFO, 1, *names, udev["ID_MODEL"], udev["ID_PATH"], udev["ID_REVISION"],
            self._disks.read(names[0], "queue/rotational") or "0",
            next(filter(None, serials), ""), udev["ID_WWN"],
        )  # fmt: skip

    def _add_mapped(self, samples: Samples, device: str, udev: Properties) -> None:
        facts = (udev[f"DM_{name}"] for name in ("NAME", "UUID", "VG_NAME", "LV_NAME", "LV_LAYER"))
        samples.add(MAPPER, 1, device, *facts)
        for backing in self._disks.within(device, "slaves").names():
            samples.add(BACKING, 1, device, backing)


def _add_contents(samples: Samples, device: str, udev: Properties) -> None:
    if udev["ID_FS_TYPE"]:
        facts = (udev[f"ID_FS_{name}"] for name in ("TYPE", "USAGE", "UUID", "VERSION"))
        samples.add(FILESYSTEM, 1, device, *facts)
    if udev["ID_ATA"]:
        for attribute, family in ATA.items():
            if udev[attribute].isdecimal():
                samples.add(family, udev[attribute], device)


def _get(file: Parsed[Properties]) -> Properties:
    try:
        return file.get()
    except OSError:
        return Properties()  # no udev here, as in most containers


def _properties(text: str) -> Properties:
    """The lines `E:NAME=value` of udev's database."""
    pairs = (line[2:].partition("=") for line in text.split("\n") if line.startswith("E:"))
    return Properties((name, value) for name, _, value in pairs)
