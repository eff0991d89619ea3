"""How full each mounted filesystem is. A mount that never answers costs only its own numbers."""

import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from hyperion_exporter.collector import Block, Collector, Filter, Samples, gauge, option
from hyperion_exporter.crew import Crew
from hyperion_exporter.paths import Kept, Paths

# A local filesystem answers in microseconds, a far one in milliseconds; who needs longer than the
# first holds up no other, who needs longer than the second is reported as not answering.
PATIENCE_SECONDS = 0.05
ANSWER_SECONDS = 2.0

LABELS = ("device", "mountpoint", "fstype", "device_error")
SIZE = gauge("node_filesystem_size_bytes", "Size of the filesystem.", *LABELS)
FREE = gauge("node_filesystem_free_bytes", "Free space, root's reserve included.", *LABELS)
AVAIL = gauge("node_filesystem_avail_bytes", "Free space for ordinary users.", *LABELS)
FILES = gauge("node_filesystem_files", "Inodes in all.", *LABELS)
FILES_FREE = gauge("node_filesystem_files_free", "Free inodes.", *LABELS)
READONLY = gauge("node_filesystem_readonly", "Whether it is mounted read-only.", *LABELS)
ERROR = gauge(
    "node_filesystem_device_error", "Whether asking the filesystem for its size failed.", *LABELS
)
MOUNT = gauge(
    "node_filesystem_mount_info", "Numbers of the mounted device.",
    "device", "major", "minor", "mountpoint",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    mount_points_exclude: str = option(
        "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
        "regular expression of the mount points to leave out, where no include is given",
    )
    mount_points_include: str = option("", "regular expression of the only mount points to give")
    fs_types_exclude: str = option(
        "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs"
        "|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs"
        "|squashfs|erofs|sysfs|tracefs)$",
        "regular expression of the filesystem types to leave out, where no include is given",
    )
    fs_types_include: str = option("", "regular expression of the only filesystem types to give")


class Mount(NamedTuple):
    device: str
    point: str
    kind: str
    major: str
    minor: str
    readonly: bool


class Filesystem(Collector):
    name = "filesystem"
    help = "Size, free space and inodes of the mounted filesystems."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._root = os.fspath(paths.rootfs).rstrip("/")
        # The first process sees the machine's mounts also when we run in a namespace of our own.
        self._files = (paths.proc("1/mountinfo"), paths.proc("self/mountinfo"))
        points, kinds = options.mount_points_include, options.fs_types_include
        self._points = Filter(points, "" if points else options.mount_points_exclude)
        self._kinds = Filter(kinds, "" if kinds else options.fs_types_exclude)
        self._crew: Crew[str, os.statvfs_result | OSError] = Crew("statvfs", PATIENCE_SECONDS)

    def collect(self) -> Iterable[Block]:
        mounts = {(m.device, m.point, m.kind): m for m in map(_mount, _lines(*self._files))}
        wanted = [mount for mount in mounts.values() if self._wanted(mount)]
        # Under rootfs= the same mount is found below it; names stay those of the machine.
        calls = {m.point: partial(_statvfs, self._root + m.point) for m in wanted}
        answers = self._crew.run(calls, ANSWER_SECONDS)
        samples = Samples()
        for mount in wanted:
            _add(samples, mount, answers.get(mount.point))
        return [samples]

    def _wanted(self, mount: Mount) -> bool:
        return self._points(mount.point) and self._kinds(mount.kind)


def _lines(*files: Kept) -> list[str]:
    for file in files[:-1]:
        try:
            return file.lines()
        except OSError:
            continue
    return files[-1].lines()


def _mount(line: str) -> Mount:
    """One line of mountinfo; the part after the dash begins at a place that varies (proc(5))."""
    left, right = line.split(" - ", 1)
    _, _, numbers, _, point, options, *_ = left.split(" ")
    kind, device, *rest = right.split(" ")
    major, minor = numbers.split(":")
    modes = {*options.split(","), *"".join(rest[:1]).split(",")}
    return Mount(_unescaped(device), _unescaped(point), kind, major, minor, "ro" in modes)


def _unescaped(text: str) -> str:
    """Blanks and backslashes stand in octal there."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _statvfs(path: str) -> os.statvfs_result | OSError:
    try:
        return os.statvfs(path)
    except OSError as fault:
        return fault
    except ValueError:
        return OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def _add(samples: Samples, mount: Mount, answer: os.statvfs_result | OSError | None) -> None:
    error = ""
    if answer is None:
        error = "mountpoint timeout"
    elif isinstance(answer, OSError):
        error = (answer.strerror or "unknown").lower()
    labels = (mount.device, mount.point, mount.kind, error)
    samples.add(ERROR, 1 if error else 0, *labels)
    samples.add(READONLY, int(mount.readonly), *labels)
    if isinstance(answer, os.statvfs_result):
        unit = answer.f_frsize
        samples.add(SIZE, answer.f_blocks * unit, *labels)
        samples.add(FREE, answer.f_bfree * unit, *labels)
        samples.add(AVAIL, answer.f_bavail * unit, *labels)
        samples.add(FILES, answer.f_files, *labels)
        samples.add(FILES_FREE, answer.f_ffree, *labels)
        samples.add(MOUNT, 1, mount.device, mount.major, mount.minor, mount.point)
