"""Our captured machine and the page it gives; run this file to renew expected.prom."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.adjtimex import Clock

MACHINE = Path(__file__).parent / "machine"
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
# What does not come from files.
FAKES: dict[str, dict[str, Callable[[], Any]]] = {
    "tcpstat": {"read": lambda: [(1, 0, 36), (1, 12, 0), (6, 0, 0), (10, 1, 128)]},
    "time": {"clock": lambda: 1760613545.25},
    "timex": {"read": lambda: (0, CLOCK)},
    "uname": {"read": lambda: UNAME},
}
# These ask a bus that this machine has not.
ASKING = ("logind", "systemd")
# Whose values differ from run to run; they stand as 0.
LOOSE = re.compile(
    r"^((?:process|node_scrape_collector_duration|hyperion_collector_age"
    r"|node_filesystem_(?:size|free|avail|files))[_{].*) \S+$",
    re.MULTILINE,
)
# Whose labels differ from place to place; they are left out.
LOCAL = re.compile(r"^node_(exporter_build_info|time_zone_offset_seconds)\{.*\n", re.MULTILINE)


def collectors(machine: Path, root: Path) -> list[Collector]:
    """All there are, reading that machine, with its mounts below root."""
    for point in MOUNT_POINTS:
        (root / os.fsdecode(point)).mkdir(parents=True, exist_ok=True)
    paths = Paths(machine / "proc", machine / "sys", root, machine / "udev")
    kinds = [kind for kind in COLLECTORS if kind.name not in ASKING]
    return [kind(paths, kind.options(), **FAKES.get(kind.name, {})) for kind in kinds]


def settled(page: str) -> str:
    """Without what differs from run to run and from place to place."""
    return LOCAL.sub("", LOOSE.sub(r"\1 0", page))


def page() -> str:
    with TemporaryDirectory() as root:
        return settled(Guard(collectors(MACHINE, Path(root))).gather(30))


if __name__ == "__main__":
    EXPECTED.write_text(page())
