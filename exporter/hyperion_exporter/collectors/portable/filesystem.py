"""How full each filesystem is. A disk that never answers costs only its own numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from hyperion_exporter.collector import Block, Filter, Samples, gauge, option
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.crew import Crew
from hyperion_exporter.paths import Paths

# As on Linux: who needs longer than the first holds up no other, who needs longer than the second
# is reported as not answering.
PATIENCE_SECONDS = 0.05
ANSWER_SECONDS = 2.0

# The words of the Linux collector, which asks the kernel in ways that Windows does not have.
LABELS = ("device", "mountpoint", "fstype", "device_error")
SIZE = gauge("node_filesystem_size_bytes", "Size of the filesystem.", *LABELS)
FREE = gauge("node_filesystem_free_bytes", "Free space, root's reserve included.", *LABELS)
AVAIL = gauge("node_filesystem_avail_bytes", "Free space for ordinary users.", *LABELS)
READONLY = gauge("node_filesystem_readonly", "Whether it is mounted read-only.", *LABELS)
ERROR = gauge(
    "node_filesystem_device_error", "Whether asking the filesystem for its size failed.", *LABELS
)


@dataclass(frozen=True)
class Options:
    mount_points_exclude: str = option("", "regular expression of the mount points to leave out")
    mount_points_include: str = option("", "regular expression of the only mount points to give")
    fs_types_exclude: str = option("", "regular expression of the filesystem types to leave out")
    fs_types_include: str = option("", "regular expression of the only filesystem types to give")


class Filesystem(Portable):
    name = "filesystem"
    help = "Size and free space of the filesystems on disks of the machine."
    options = Options

    def __init__(self, paths: Paths, options: Options, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        self._points = Filter(options.mount_points_include, options.mount_points_exclude)
        self._kinds = Filter(options.fs_types_include, options.fs_types_exclude)
        self._crew: Crew[str, Any] = Crew("disk_usage", PATIENCE_SECONDS)

    def collect(self) -> Iterable[Block]:
        wanted = [p for p in self._system.psutil.disk_partitions(all=False) if self._wanted(p)]
        calls = {p.mountpoint: partial(self._usage, p.mountpoint) for p in wanted}
        answers = self._crew.run(calls, ANSWER_SECONDS)
        samples = Samples()
        for partition in wanted:
            self._add(samples, partition, answers.get(partition.mountpoint))
        return [samples]

    def _wanted(self, partition: Any) -> bool:
        # A drive of Windows without a medium is listed too; that is no fault.
        kind = partition.fstype
        return bool(kind) and self._points(partition.mountpoint) and self._kinds(kind)

    def _usage(self, mountpoint: str) -> Any:
        try:
            return self._system.psutil.disk_usage(mountpoint)
        except OSError as fault:
            return fault

    def _add(self, samples: Samples, partition: Any, usage: Any) -> None:
        error = ""
        if usage is None:
            error = "mountpoint timeout"
        elif isinstance(usage, OSError):
            error = (usage.strerror or "unknown").lower()
        labels = (partition.device, partition.mountpoint, partition.fstype, error)
        samples.add(ERROR, int(bool(error)), *labels)
        samples.add(READONLY, int("ro" in partition.opts.split(",")), *labels)
        if not error:
            # On macOS the volumes of a disk share its free space; used is this volume's own.
            shared = self._system.platform == "darwin"
            samples.add(SIZE, usage.total, *labels)
            samples.add(FREE, usage.free if shared else usage.total - usage.used, *labels)
            samples.add(AVAIL, usage.free, *labels)
