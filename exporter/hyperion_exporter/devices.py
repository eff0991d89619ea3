"""Folders of /sys that hold an entry for each device, and in it a small file for each fact."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from hyperion_exporter.collector import Family, Labels, Samples
from hyperion_exporter.paths import Kept


class Devices:
    """Lists the devices of a folder and reads their files, each opened once and kept.

    What a device that has gone held open is closed with the next listing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[str, dict[str, Kept]] = {}
        self._within: dict[str, dict[str, Devices]] = {}
        self._fd = -1

    def names(self) -> list[str]:
        """The entries in order; none where the folder is not there."""
        try:
            found = sorted(self._list())
        except OSError:
            self.close()
            found = []
        for held in (self._kept, self._within):
            for gone in held.keys() - set(found):
                del held[gone]
        return found

    def within(self, device: str, folder: str = "") -> "Devices":
        """What lies in a folder of a device; forgotten together with the device."""
        folders = self._within.setdefault(device, {})
        if folder not in folders:
            folders[folder] = Devices(self.folder / device / folder)
        return folders[folder]

    def read(self, device: str, file: str) -> str | None:
        """What the file says, without blanks around; None where there is none or it will not say.

        Many drivers have files that answer with an error for want of a sensor or of a right.
        """
        files = self._kept.setdefault(device, {})
        kept = files.get(file)
        if kept is None:
            kept = files[file] = Kept(self.folder / device / file)
        try:
            return kept.short().decode("utf-8", "surrogateescape").strip()
        except OSError:
            return None

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _list(self) -> list[str]:
        if self._fd < 0:
            self._fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        found = os.listdir(self._fd)  # noqa: PTH208 - only this one takes an open folder
        if not found and self.folder.stat().st_ino != os.fstat(self._fd).st_ino:
            # Removed and made anew: the one we hold would be empty for ever.
            self.close()
            return self._list()
        return found


class Fact(NamedTuple):
    """One file of a device, and the family that its number becomes."""

    file: str
    family: Family
    # Not a factor: 8210000 times a millionth is 8.209999999999999.
    divisor: int = 1


def add_facts(
    samples: Samples,
    devices: Devices,
    facts: Sequence[Fact],
    labels: Callable[[str], Labels] = lambda device: (device,),
    only: Iterable[str] | None = None,
) -> None:
    """The usual case: every device, every fact it has, one label."""
    for device in devices.names() if only is None else only:
        for file, family, divisor in facts:
            value = devices.read(device, file)
            if value:
                samples.add(
                    family, value if divisor == 1 else int(value) / divisor, *labels(device)
                )
