"""Our captured machine and the page it gives; run this file to renew expected.prom."""

import os
import re
import shutil
from collections.abc import Callable
from ipaddress import ip_interface
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.adjtimex import Clock
from hyperion_exporter.sources.btrfs import Device
from lab.ttar import unpack

MACHINE = Path(__file__).parent / "machine"
# Its many files of a line or two, packed.
SMALL = MACHINE / "small.ttar"
EXPECTED = Path(__file__).parent / "expected.prom"
# Where the machine's mounts are; one is missing on purpose, /mnt/gone.
MOUNT_POINTS = (
    b"boot/efi",
    b'media/back\\slash"quote',
    b"media/b\xc3\xbcro#1",
    b"media/caf\xe9",
    b"mnt/100% full",
    b"mnt/share",
    b"run/user/1000",
    b"srv/chroot",
    b"srv/data",
    b"srv/old photos",
    b"srv/tab\tand\nline",
)

UNAME = os.uname_result(("Linux", "alder", "6.12.48-amd64", "#1 SMP PREEMPT_DYNAMIC", "x86_64"))
CLOCK = Clock(
    offset=-18223, freq=-1284608, maxerror=24500, esterror=312, status=0x2001, constant=10,
    precision=1, tolerance=32768000, tick=10000, tai=37,
)  # fmt: skip
BTRFS = "0b1c2d3e-4f50-4162-8374-8596a7b8c9d0"
DISK = Device(
    "/dev/md127", "7c0d0000-0000-4000-8000-000000000001", 9_663_000_000_000, 16_002_855_206_912,
    (0, 2, 0, 7, 0),
)  # fmt: skip
ADDRESSES = [
    ("enp5s0", ip_interface("192.0.2.10/24")),
    ("enp5s0", ip_interface("fe80::aaa1:59ff:fe4c:7e2/64")),
]
# Of every filesystem; ours has other sizes in each place.
SIZES = os.statvfs_result((4096, 4096, 25_000_000, 11_000_000, 9_750_000, 6_553_600, 6_021_447,
                           6_021_447, 0, 255))  # fmt: skip


def statvfs(point: str) -> os.statvfs_result:
    os.statvfs(point)  # some are missing
    return SIZES


# What does not come from files.
FAKES: dict[str, dict[str, Callable[..., Any]]] = {
    "btrfs": {"ask": lambda _: (BTRFS, [DISK])},
    "filesystem": {"statvfs": statvfs},
    "netdev": {"read_addresses": lambda: ADDRESSES},
    "process_top": {"clock": lambda: 1000.0},
    "tcpstat": {"read": lambda: [(1, 0, 36), (1, 12, 0), (6, 0, 0), (10, 1, 128)]},
    "time": {"clock": lambda: 1760613545.25},
    "timex": {"read": lambda: (0, CLOCK)},
    "uname": {"read": lambda: UNAME},
}
# What is off by default, for all that can be said to be said.
OPTIONS: dict[str, dict[str, Any]] = {
    "cpu": {"info_flags_include": "^(aes|avx2?)$", "info_bugs_include": "^spec"},
    "netdev": {"address_info": True},
    "stat": {"softirq": True},
}
# These ask for what a machine of files has not.
ASKING = {
    "events": "its own journal",
    "logind": "the system bus",
    "smart": "the disks themselves",
    "systemd": "the system bus",
    "updates": "a package manager",
    "users": "the system bus",
}
# Whose values differ from run to run; they stand as 0.
LOOSE = re.compile(
    r"^((?:process|node_scrape_collector_duration|hyperion_collector_age|node_textfile_mtime)"
    r"[_{].*) \S+$",
    re.MULTILINE,
)
# Whose labels differ from place to place; they are left out.
LOCAL = re.compile(r"^node_(exporter_build_info|time_zone_offset_seconds)\{.*\n", re.MULTILINE)


def captured(folder: Path) -> Path:
    """A copy of the machine, whole, in a new folder."""
    shutil.copytree(MACHINE, folder, ignore=shutil.ignore_patterns(SMALL.name))
    unpack(SMALL, folder)
    for point in MOUNT_POINTS:
        (folder / "root" / os.fsdecode(point)).mkdir(parents=True)
    return folder


def collectors(machine: Path) -> list[Collector]:
    """All there are, reading that machine."""
    paths = Paths(*(machine / name for name in ("proc", "sys", "root", "udev")))
    options = {
        **OPTIONS,
        "process_groups": {"config": f"{machine}/groups.yml", "smaps": True},
        "textfile": {"directory": (f"{machine}/textfile",)},
    }
    return [
        kind(paths, kind.options(**options.get(kind.name, {})), **FAKES.get(kind.name, {}))
        for kind in COLLECTORS
        if kind.name not in ASKING
    ]


def settled(page: str, machine: Path) -> str:
    """Without what differs from run to run and from place to place."""
    return LOCAL.sub("", LOOSE.sub(r"\1 0", page)).replace(str(machine), "")


def page() -> str:
    with TemporaryDirectory() as folder:
        machine = captured(Path(folder) / "machine")
        return settled(Guard(collectors(machine)).gather(30), machine)


if __name__ == "__main__":
    EXPECTED.write_text(page())
