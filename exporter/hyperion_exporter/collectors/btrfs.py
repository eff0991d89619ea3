"""Btrfs filesystems: how their space is given out, and how their commits fare."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Kept, Paths
from hyperion_exporter.sources import btrfs
from hyperion_exporter.sources.btrfs import ERRORS, Device

INFO = gauge("node_btrfs_info", "The filesystem's label.", "uuid", "label")
RESERVE = gauge("node_btrfs_global_rsv_size_bytes", "Space kept for emergencies.", "uuid")
COMMITS = counter("node_btrfs_commits_total", "Commits made.", "uuid")
COMMIT_TIMES = {
    "last_commit_ms": gauge("node_btrfs_last_commit_seconds", "How long the last took.", "uuid"),
    "max_commit_ms": gauge("node_btrfs_max_commit_seconds", "How long the slowest took.", "uuid"),
    "total_commit_ms": counter("node_btrfs_commit_seconds_total", "How long all took.", "uuid"),
}
KIND = ("uuid", "block_group_type")
RESERVED = gauge("node_btrfs_reserved_bytes", "Space spoken for but not yet written.", *KIND)
USED = gauge("node_btrfs_used_bytes", "Space in use.", *KIND, "mode")
SIZE = gauge("node_btrfs_size_bytes", "Space set aside for this kind of data.", *KIND, "mode")
RATIO = gauge("node_btrfs_allocation_ratio", "Bytes on disk for each byte of data.", *KIND, "mode")
ON_DEVICE = ("uuid", "device", "btrfs_dev_uuid")
DEVICE_SIZE = gauge("node_btrfs_device_size_bytes", "Size of the device.", *ON_DEVICE)
DEVICE_UNUSED = gauge(
    "node_btrfs_device_unused_bytes", "Space of the device not yet given out.", *ON_DEVICE
)
DEVICE_ERRORS = counter(
    "node_btrfs_device_errors_total", "Errors of the device, by what went wrong.",
    *ON_DEVICE, "type",
)  # fmt: skip

# The kernel counts in these whatever the device's own sectors are.
SECTOR_BYTES = 512
COPIES = {"dup": 2, "raid1": 2, "raid10": 2, "raid1c3": 3, "raid1c4": 4}
# Devices that hold no data but what restores that of others.
PARITY = {"raid5": 1, "raid6": 2}


class Btrfs(Collector):
    name = "btrfs"
    help = "Space and commits of btrfs filesystems."

    def __init__(
        self,
        paths: Paths,
        _: NoOptions,
        ask: Callable[[Path], tuple[str, list[Device]]] = btrfs.ask,
    ) -> None:
        self._ask = ask
        self._filesystems = Devices(paths.sys("fs/btrfs"))
        # The first process sees all mounts, but not everyone may ask it.
        self._mounts = (paths.proc("1/mountinfo"), paths.proc("self/mountinfo"))
        self._root = paths.rootfs

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        # Beside the filesystems lies a folder of what the kernel can do.
        uuids = [name for name in self._filesystems.names() if "-" in name]
        devices = self._devices() if uuids else {}
        for uuid in uuids:
            self._add(samples, uuid)
            count = self._add_devices(samples, uuid, devices.get(uuid, []))
            self._add_space(samples, uuid, count)
        return [samples]

    def _devices(self) -> dict[str, list[Device]]:
        """The devices of the filesystems of which we see a mount and may ask it."""
        found: dict[str, list[Device]] = {}
        done: set[str] = set()
        for point, source in _mounts(*self._mounts):
            if source not in done:
                try:
                    uuid, devices = self._ask(self._root / point.lstrip("/"))
                except OSError:
                    continue
                done.add(source)
                found[uuid] = devices
        return found

    def _add(self, samples: Samples, uuid: str) -> None:
        read = self._filesystems.read
        samples.add(INFO, 1, uuid, read(uuid, "label") or "")
        samples.add(RESERVE, read(uuid, "allocation/global_rsv_size") or 0, uuid)
        # Linux before 6.1 does not say.
        lines = (read(uuid, "commit_stats") or "").splitlines()
        commits = dict(line.split() for line in lines)
        samples.add(COMMITS, commits.get("commits", 0), uuid)
        for word, family in COMMIT_TIMES.items():
            samples.add(family, int(commits.get(word, 0)) / 1000, uuid)

    def _add_devices(self, samples: Samples, uuid: str, asked: list[Device]) -> int:
        """How many there are; of those that we could not ask, /sys at least has the size."""
        for device in asked:
            labels = (uuid, device.path.rpartition("/")[2], device.uuid)
            samples.add(DEVICE_SIZE, device.size, *labels)
            samples.add(DEVICE_UNUSED, device.size - device.used, *labels)
            for kind, count in zip(ERRORS, device.errors, strict=True):
                samples.add(DEVICE_ERRORS, count, *labels, kind)
        listed = self._filesystems.within(uuid, "devices")
        names = listed.names()
        for name in () if asked else names:
            if size := listed.read(name, "size"):
                samples.add(DEVICE_SIZE, int(size) * SECTOR_BYTES, uuid, name, "")
        return len(names)

    def _add_space(self, samples: Samples, uuid: str, devices: int) -> None:
        kinds = self._filesystems.within(uuid, "allocation")
        for kind in kinds.names():
            reserved = kinds.read(kind, "bytes_reserved")
            if reserved is None:
                continue
            samples.add(RESERVED, reserved, uuid, kind)
            modes = kinds.within(kind)
            for mode in modes.names():
                size = modes.read(mode, "total_bytes")
                used = modes.read(mode, "used_bytes")
                if size and used:
                    samples.add(SIZE, size, uuid, kind, mode)
                    samples.add(USED, used, uuid, kind, mode)
                    samples.add(RATIO, _ratio(mode, devices), uuid, kind, mode)


def _mounts(first: Kept, own: Kept) -> Iterator[tuple[str, str]]:
    """Where each btrfs is mounted, and from which device."""
    try:
        lines = first.lines()
    except OSError:
        lines = own.lines()
    for line in lines:
        left, _, right = line.partition(" - btrfs ")
        if right:
            # Blanks stand in octal there.
            point = re.sub(r"\\([0-7]{3})", lambda digits: chr(int(digits[1], 8)), left.split()[4])
            yield point, right.split()[0]


def _ratio(mode: str, devices: int) -> float:
    if mode in PARITY and devices > PARITY[mode]:
        return devices / (devices - PARITY[mode])
    return COPIES.get(mode, 1)
