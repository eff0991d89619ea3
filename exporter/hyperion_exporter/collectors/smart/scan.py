"""Which disks there are, without opening one that may sleep."""

import json
from collections.abc import Callable, Iterable

from hyperion_exporter.collectors.smart.disk import AUTO, Disk
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.program import Failed
from hyperion_exporter.sources.smartctl import Ask


def given(devices: Iterable[str]) -> list[Disk]:
    """Those that are named in the configuration, as NAME or NAME;KIND."""
    parts = (device.partition(";") for device in devices)
    return [Disk(name, kind or AUTO) for name, _, kind in parts]


def found(ask: Ask, seconds: float, wanted: Callable[[str], bool], paths: Paths) -> list[Disk]:
    output = ask(["scan"], seconds)
    try:
        listed = Facts(json.loads(output.text))
    except (ValueError, RecursionError):
        raise Failed("the list of disks cannot be read") from None
    disks = (Disk(row.text("name"), row.text("type", AUTO)) for row in listed.rows("devices"))
    known = (disk._replace(kind=_kind(disk, paths)) for disk in disks if disk.name)
    # In the order of the list, each once.
    return list(dict.fromkeys(disk for disk in known if wanted(disk.label())))


def _kind(disk: Disk, paths: Paths) -> str:
    """A scan opens nothing, so a SATA disk is a SCSI disk to it; the kernel knows better."""
    if disk.kind != "scsi":
        return disk.kind
    block = disk.name.removeprefix("/dev/")
    try:
        vendor = paths.sys(f"block/{block}/device/vendor").read_text(errors="replace")
    except (OSError, ValueError):  # a name may hold what no file's can
        vendor = ""
    return "sat" if vendor.strip() == "ATA" else AUTO
