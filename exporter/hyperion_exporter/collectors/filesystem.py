"""How full each mounted filesystem is. A mount that never answers costs only its own numbers."""

import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeGuard

from hyperion_exporter.collector import (
    Block,
    Collector,
    Filter,
    Labels,
    Rows,
    Table,
    Value,
    gauge,
    option,
)
from hyperion_exporter.crew import Crew
from hyperion_exporter.paths import Paths, Watched

# A local filesystem answers in microseconds, a far one in milliseconds; who needs longer than the
# first holds up no other, who needs longer than the second is reported as not answering.
PATIENCE_SECONDS = 0.05
ANSWER_SECONDS = 2.0
# Of these the kernel has the numbers in memory, whatever became of the disk, once they were asked.
# They are asked on the spot from then on: to hand each scrape to a second thread costs more.
LOCAL = frozenset({"btrfs", "ext2", "ext3", "ext4", "tmpfs", "vfat", "xfs"})

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
ALWAYS = (ERROR, READONLY)
ANSWERED = (SIZE, FREE, AVAIL, FILES, FILES_FREE)


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


SILENT = "mountpoint timeout"

# The other one is why there are no sizes.
Answer = os.statvfs_result | str


class Filesystem(Collector):
    name = "filesystem"
    help = "Size, free space and inodes of the mounted filesystems."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        statvfs: Callable[[str], os.statvfs_result] = os.statvfs,
    ) -> None:
        self._statvfs = statvfs
        self._root = os.fspath(paths.rootfs).rstrip("/")
        # The first process sees the machine's mounts also when we run in a namespace of our own.
        self._files = (paths.watched("1/mountinfo"), paths.watched("self/mountinfo"))
        points, kinds = options.mount_points_include, options.fs_types_include
        self._wanted_point = Filter(points, "" if points else options.mount_points_exclude)
        self._wanted_kind = Filter(kinds, "" if kinds else options.fs_types_exclude)
        self._crew: Crew[str, Answer] = Crew("statvfs", PATIENCE_SECONDS)
        self._seen: Watched | None = None
        self._content = b""
        self._mounts: dict[Labels, Mount] = {}
        self._points: set[str] = set()
        self._local: set[str] = set()
        # Those asked on the spot: what each said last, their points, and where to ask for each.
        self._near: dict[str, Answer] = {}
        self._proven: tuple[str, ...] = ()
        self._places: tuple[str, ...] = ()
        # All others.
        self._unproven: set[str] = set()
        self._far: dict[str, Answer] = {}
        self._readonly: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._sizes: Rows = {}
        self._blocks: Sequence[Block] = ()

    def collect(self) -> Iterable[Block]:
        self._look_around()
        changed, far = self._on_the_spot(), self._aside()
        if changed or far != self._far or not self._blocks:
            self._near |= changed
            self._far = far
            self._note(self._near | far)
        return self._blocks

    def _note(self, answers: dict[str, Answer]) -> None:
        self._prove(answers)
        changed = {p for p in self._points if answers.get(p) != self._answers.get(p)}
        if changed or not self._blocks:
            self._look_for_readonly(answers)
            self._blocks = self._resized(answers, changed) or self._tables(answers)
            self._answers = answers

    def _look_for_readonly(self, answers: Mapping[str, Answer]) -> None:
        readonly = {point for point, answer in answers.items() if _refuses_writes(answer)}
        if readonly != self._readonly:
            # A fault of the disk makes its filesystem read-only, and the kernel does not say that
            # the mounts changed.
            self._readonly, self._seen = readonly, None
            self._look_around()

    def _resized(self, answers: Mapping[str, Answer], changed: Set[str]) -> Sequence[Block]:
        """The blocks where nothing but sizes changed, else none: of hundreds few are in use."""
        both = (self._answers, answers)
        if not (self._blocks and all(_answered(of.get(p)) for p in changed for of in both)):
            return ()
        rows = dict(self._sizes)
        for labels, mount in self._mounts.items():
            if mount.point in changed and _answered(answer := answers.get(mount.point)):
                rows[labels] = _sizes(answer)
        self._sizes = rows
        always, _, numbers = self._blocks
        return always, Table(ANSWERED, rows), numbers

    def _tables(self, answers: Mapping[str, Answer]) -> Sequence[Block]:
        always: dict[Labels, Sequence[Value]] = {}
        answered: dict[Labels, Sequence[Value]] = {}
        numbers: dict[Labels, Sequence[Value]] = {}
        for labels, mount in self._mounts.items():
            answer = answers.get(mount.point)
            if isinstance(answer, os.statvfs_result):
                always[labels] = (0, int(mount.readonly))
                answered[labels] = _sizes(answer)
                numbers[mount.device, mount.major, mount.minor, mount.point] = (1,)
            else:
                always[*labels[:-1], answer or SILENT] = (1, int(mount.readonly))
        self._sizes = answered
        return Table(ALWAYS, always), Table(ANSWERED, answered), Table((MOUNT,), numbers)

    def _look_around(self) -> None:
        if self._seen and not self._seen.changed():
            return
        # Until the list is understood it is not seen: damaged lines are as damaged the next time.
        self._seen, (content, file) = None, _content(*self._files)
        if content != self._content:
            self._sort(content)
            self._content = content
        self._seen = file

    def _sort(self, content: bytes) -> None:
        lines = content.decode("utf-8", "surrogateescape").split("\n")
        mounts = [_mount(line) for line in lines if line]
        wanted = [mount for mount in mounts if self._wanted(mount)]
        self._mounts = {(m.device, m.point, m.kind, ""): m for m in wanted}
        self._points = {m.point for m in wanted}
        # The way to a local one may lead through one that hangs.
        far = tuple(f"{m.point.rstrip('/')}/" for m in mounts if m.kind not in LOCAL)
        self._local = {m.point for m in wanted if not f"{m.point}/".startswith(far)}
        self._near, self._proven, self._places = {}, (), ()
        self._far, self._unproven = {}, self._points
        self._answers, self._blocks = {}, ()

    def _on_the_spot(self) -> dict[str, Answer]:
        """What is not as it was. The rest is let go at once: hundreds then need the room of one."""
        changed: dict[str, Answer] = {}
        # Of hundreds, one call of ours around each of theirs is a fifth of the time.
        asked = zip(self._near.items(), map(self._statvfs, self._places), strict=False)
        told = 0
        while told < len(self._places):
            try:
                for (point, before), now in asked:
                    told += 1
                    if now != before:
                        changed[point] = now
            except (OSError, ValueError) as fault:
                # Those behind it are still to be asked.
                point, told = self._proven[told], told + 1
                if self._near[point] != (why := _why(fault)):
                    changed[point] = why
        return changed

    def _aside(self) -> dict[str, Answer]:
        calls = {point: partial(self._one, self._place(point)) for point in self._unproven}
        return self._crew.run(calls, ANSWER_SECONDS) if calls else {}

    def _prove(self, answers: Mapping[str, Answer]) -> None:
        """From now on the local ones of these are asked on the spot."""
        if new := self._unproven & self._local & answers.keys():
            self._unproven = self._unproven - new
            self._near |= {point: answers[point] for point in new}
            self._proven = tuple(self._near)
            self._places = tuple(map(self._place, self._proven))

    def _place(self, point: str) -> str:
        # Under rootfs= the same mount is found below it; names stay those of the machine.
        return self._root + point

    def _one(self, place: str) -> Answer:
        try:
            return self._statvfs(place)
        except (OSError, ValueError) as fault:
            return _why(fault)

    def _wanted(self, mount: Mount) -> bool:
        return self._wanted_point(mount.point) and self._wanted_kind(mount.kind)


def _content(*files: Watched) -> tuple[bytes, Watched]:
    for file in files[:-1]:
        try:
            return file.read(), file
        except OSError:
            continue
    return files[-1].read(), files[-1]


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


def _why(fault: OSError | ValueError) -> str:
    if isinstance(fault, OSError):
        return (fault.strerror or "unknown").lower()
    return os.strerror(errno.EINVAL).lower()


def _answered(answer: Answer | None) -> TypeGuard[os.statvfs_result]:
    return isinstance(answer, os.statvfs_result)


def _refuses_writes(answer: Answer) -> bool:
    return _answered(answer) and bool(answer.f_flag & os.ST_RDONLY)


def _sizes(answer: os.statvfs_result) -> Sequence[Value]:
    _, unit, blocks, free, avail, files, files_free, *_ = answer
    return (blocks * unit, free * unit, avail * unit, files, files_free)
