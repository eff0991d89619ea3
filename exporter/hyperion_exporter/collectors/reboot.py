"""Whether the machine waits for a reboot, and why; which kernel runs and which are installed."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

REQUIRED = gauge(
    "hyperion_reboot_required", "Whether something that was installed waits for a reboot."
)
REASON = gauge(
    "hyperion_reboot_reason",
    "What waits: a kernel, a package, or something that was not named; always 1.",
    "reason",
    "name",
)
KERNEL = gauge(
    "hyperion_kernel_info",
    "The kernel that runs, and the newest of its kind that is installed; always 1.",
    "running",
    "newest",
)
# Left there by Debian's and Ubuntu's packages, and by zypper. The first may have a list beside it.
MARKERS = ("run/reboot-required", "run/reboot-needed")
PACKAGES = "run/reboot-required.pkgs"
# Of a list that never ends; a dozen is many.
MOST_PACKAGES = 20
# What a kernel is called in /boot, where a folder of its modules is not shown to us.
_IMAGE = re.compile(r"vmlinu[xz]-(\d.*)")


class Reboot(Collector):
    name = "reboot"
    help = "Whether the machine waits for a reboot, and for which kernel or packages."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._images = _Folder(paths.rootfs / "boot")
        self._modules = _Folder(paths.rootfs / "lib/modules")
        self._markers = [paths.rootfs / marker for marker in MARKERS]
        self._packages = paths.rootfs / PACKAGES
        self._release = paths.proc("sys/kernel/osrelease")

    def collect(self) -> Iterable[Block]:
        running = self._release.text().strip()
        newest = max((running, *self._installed(running)), key=_order)
        reasons = list(self._reasons())
        if newest != running:
            reasons.append(("kernel", newest))
        samples = Samples()
        samples.add(REQUIRED, int(bool(reasons)))
        samples.add(KERNEL, 1, running, newest)
        for reason in reasons:
            samples.add(REASON, 1, *reason)
        return [samples]

    def _installed(self, running: str) -> Iterator[str]:
        """Kernels of the same kind; that of a cloud does not follow that of a desktop."""
        images = map(_IMAGE.fullmatch, self._images.names())
        releases = {image[1] for image in images if image}.union(self._modules.names())
        return (name for name in releases if _kind(name) == _kind(running))

    def _reasons(self) -> Iterator[tuple[str, str]]:
        if any(marker.exists() for marker in self._markers):
            packages = sorted(set(_words(self._packages)))[:MOST_PACKAGES]
            yield from (("package", name) for name in packages)
            if not packages:
                yield "unnamed", ""


class _Folder:
    """What lies in a folder; listed anew only when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, list[str]] = 0, []

    def names(self) -> list[str]:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._known[0]:
                self._known = changed_at, os.listdir(self._path)  # noqa: PTH208 - names, not paths
        except OSError:
            return []
        return self._known[1]


def _kind(release: str) -> list[str]:
    """The words of it: amd in 6.1.0-18-amd64; what stands behind a plus is no kind."""
    return re.findall(r"[a-z]+", re.sub(r"\+[^-]*", "", release))


def _order(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return []
