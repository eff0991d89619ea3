"""Software RAID: the state of each array, its disks, and how far a rebuild has come."""

import re
from collections.abc import Iterable, Sequence

from hyperion_exporter.collector import (
    Block,
    Collector,
    Column,
    Family,
    Labels,
    NoOptions,
    Samples,
    Table,
    Value,
    gauge,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

STATES = ("active", "inactive", "recovering", "resync", "check")
STATE = gauge("node_md_state", "Whether the array is in this state.", "device", "state")
DISKS = gauge("node_md_disks", "Disks of the array that are in this state.", "device", "state")
COLUMNS: tuple[Column | Family, ...] = (
    *(STATE.column(state=state) for state in STATES),
    *(DISKS.column(state=state) for state in ("active", "failed", "spare")),
    gauge("node_md_disks_required", "Disks that the array needs to be whole.", "device"),
    gauge("node_md_blocks", "Blocks of the array.", "device"),
    gauge("node_md_blocks_synced", "Blocks that are in step on all disks.", "device"),
)
RAID_DISKS = gauge("node_md_raid_disks", "Disks that the array was made for.", "device")
DEGRADED = gauge("node_md_degraded", "Disks that the array lacks.", "device")

# What an array is at, and its state in our words: a reshape is none of them.
_ACTIONS = {"recovery": "recovering", "reshape": "", "resync": "resync", "check": "check"}
_ACTION = re.compile(r"\b(recovery|reshape|resync|check)\s*=\s*(\S+)(?:\s*\((\d+)/\d+\))?")
# [2/1]: wants two disks, has one. An array without spare data (raid0, linear) does not say.
_COUNTS = re.compile(r"\[(\d+)/(\d+)\]")


class Mdadm(Collector):
    name = "mdadm"
    help = "State, disks and rebuild of software RAID arrays."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("mdstat")
        self._disks = Devices(paths.sys("block"))

    def collect(self) -> Iterable[Block]:
        rows: dict[Labels, Sequence[Value]] = {}
        for device, lines in _arrays(self._file.lines()):
            rows[(device,)] = _row(lines)
        return [Table(COLUMNS, rows), self._facts()]

    def _facts(self) -> Samples:
        samples = Samples()
        for device in self._disks.names():
            if device.startswith("md"):
                # A raid0 has no file of this name: it cannot lack a disk and live.
                wanted = self._disks.read(device, "md/raid_disks")
                if wanted:
                    samples.add(RAID_DISKS, wanted, device)
                    samples.add(DEGRADED, self._disks.read(device, "md/degraded") or 0, device)
        return samples


def _arrays(lines: list[str]) -> Iterable[tuple[str, list[str]]]:
    """Each array's lines; the first begins with its name, the rest with blanks."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        name, separator, rest = line.partition(" : ")
        if separator and not line.startswith((" ", "Personalities")):
            found.append((name, [rest]))
        elif line.startswith(" ") and found:
            found[-1][1].append(line)
    return found


def _row(lines: list[str]) -> list[Value]:
    """md0 : active raid1 sdb1[1] sda1[0](F), then: 195310144 blocks [2/1] [U_]."""
    words = lines[0].split()
    members = [word for word in words if "[" in word]
    failed = sum("(F)" in member for member in members)
    spare = sum("(S)" in member for member in members)
    blocks = lines[1].split()[0]
    state, synced = words[0], blocks
    if match := _ACTION.search(" ".join(lines[2:])):
        state = _ACTIONS[match[1]]
        # DELAYED or PENDING: not begun.
        synced = match[3] or "0"
    active = required = "0"
    if words[0] == "active":
        match = _COUNTS.search(lines[1])
        required, active = match.groups() if match else (str(len(members)),) * 2
    return [*(int(state == s) for s in STATES), active, failed, spare, required, blocks, synced]
