"""How full each mounted filesystem is, and which of them do not answer."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collectors.filesystem import SILENT, Filesystem, Options
from hyperion_exporter.paths import Paths

Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Filesystem], Samples]

LINE = "28 1 8:2 / {point} rw,relatime shared:1 - ext4 /dev/sda2 rw\n"


def points(samples: Samples) -> set[str]:
    return {key[2] for key in samples if key[0] == "node_filesystem_device_error"}


def test_a_filesystem_says_how_full_it_is(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", LINE.format(point="/"))
    samples = scrape(Filesystem(paths, Options()))
    labels = ("/dev/sda2", "/", "ext4", "")
    there = os.statvfs(paths.rootfs)
    assert samples["node_filesystem_size_bytes", *labels] == there.f_blocks * there.f_frsize
    assert samples["node_filesystem_files", *labels] == there.f_files
    assert samples["node_filesystem_readonly", *labels] == 0
    assert samples["node_filesystem_device_error", *labels] == 0
    assert samples["node_filesystem_mount_info", "/dev/sda2", "8", "2", "/"] == 1
    free, avail = (samples[f"node_filesystem_{name}_bytes", *labels] for name in ("free", "avail"))
    assert 0 < avail <= free < samples["node_filesystem_size_bytes", *labels]


@pytest.mark.parametrize(
    ("written", "point"),
    [
        (r"/a\040b", "/a b"),
        (r"/tab\011line\012", "/tab\tline\n"),
        (r"/back\134040", r"/back\040"),
        (r"/hash\043", "/hash#"),
        ("/büro", "/büro"),
        ("/100%", "/100%"),
    ],
)
def test_a_mount_point_may_hold_any_character(
    written: str, point: str, paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", LINE.format(point=written))
    (paths.rootfs / point[1:]).mkdir()
    samples = scrape(Filesystem(paths, Options()))
    assert samples["node_filesystem_device_error", "/dev/sda2", point, "ext4", ""] == 0


def test_a_mount_point_need_not_be_utf8(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", LINE.encode().replace(b"{point}", b"/caf\xe9"))
    os.mkdir(os.fsencode(paths.rootfs) + b"/caf\xe9")  # noqa: PTH102 - of bytes
    samples = scrape(Filesystem(paths, Options()))
    assert samples["node_filesystem_device_error", "/dev/sda2", "/caf\ufffd", "ext4", ""] == 0


@pytest.mark.parametrize(
    ("modes", "readonly"),
    [("rw,noatime - ext4 /dev/sda2 rw", 0), ("ro,noatime - ext4 /dev/sda2 rw", 1),
     ("rw shared:1 master:2 - ext4 /dev/sda2 ro,data=ordered", 1),
     ("rw - ext4 /dev/sda2 rw,errors=remount-ro", 0)],
)  # fmt: skip
def test_a_mount_or_its_device_is_read_only(
    modes: str, readonly: int, paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", f"28 1 8:2 / / {modes}\n")
    samples = scrape(Filesystem(paths, Options()))
    assert samples["node_filesystem_readonly", "/dev/sda2", "/", "ext4", ""] == readonly


def test_what_is_mounted_twice_at_one_place_is_given_once(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    lines = LINE.format(point="/") * 2 + LINE.format(point="/").replace("ext4", "xfs")
    write("proc/1/mountinfo", lines)
    sizes = [k[3] for k in scrape(Filesystem(paths, Options())) if k[0].endswith("_size_bytes")]
    assert sizes == ["ext4", "xfs"]


def test_a_list_that_changed_is_on_the_page_though_no_size_did(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    answer = os.statvfs("/proc")
    collector = Filesystem(paths, Options(), lambda _: answer)
    for device in ("/dev/sda2", "/dev/sdb2"):
        write("proc/1/mountinfo", LINE.format(point="/").replace("/dev/sda2", device))
        assert {key[1] for key in scrape(collector)} == {device}


def test_what_one_mount_says_changes_nothing_of_the_others(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    here, other = os.statvfs("/proc"), os.statvfs(paths.rootfs)
    said: dict[str, os.statvfs_result | OSError] = {"/a": here, "/b": here, "/c": here}

    def statvfs(path: str) -> os.statvfs_result:
        answer = said[path.removeprefix(os.fspath(paths.rootfs))]
        if isinstance(answer, OSError):
            raise answer
        return answer

    write("proc/1/mountinfo", "".join(LINE.format(point=point) for point in said))
    lasting = Filesystem(paths, Options(), statvfs)
    gone = OSError(errno.EIO, "Input/output error")
    for change in ({}, {}, {"/b": other}, {"/c": other}, {"/a": gone}, {"/b": here}, {"/a": other},
                   {"/b": gone, "/c": gone}, {"/b": here}, {"/a": here, "/c": here}):  # fmt: skip
        said |= change
        assert scrape(lasting) == scrape(Filesystem(paths, Options(), statvfs))


def test_a_mount_that_another_replaced_while_it_was_asked_is_soon_asked_on_the_spot(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    threads: list[str] = []
    # Read-only, so that the list is read again after the answer.
    answer = os.statvfs_result((4096, 4096, 9, 5, 5, 9, 5, 5, os.ST_RDONLY, 255))

    def statvfs(_: str) -> os.statvfs_result:
        threads.append(threading.current_thread().name)
        write("proc/1/mountinfo", LINE.format(point="/").replace("/dev/sda2", "/dev/sdb2"))
        return answer

    write("proc/1/mountinfo", LINE.format(point="/"))
    collector = Filesystem(paths, Options(), statvfs)
    for _ in range(3):
        assert {key[1] for key in scrape(collector)} == {"/dev/sdb2"}
    assert threads == ["statvfs", "statvfs", "MainThread"]


def test_mounts_are_left_out_by_place_and_by_type(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    places = ("/", "/dev/x", "/developer", "/proc", "/sys/fs", "/var/lib/docker/a", "/run/x")
    lines = "".join(LINE.format(point=place) for place in places)
    write("proc/1/mountinfo", lines + LINE.format(point="/t").replace("ext4", "tracefs"))
    assert points(scrape(Filesystem(paths, Options()))) == {"/", "/developer", "/run/x"}
    everything = Options(mount_points_exclude="", fs_types_exclude="")
    assert points(scrape(Filesystem(paths, everything))) == {*places, "/t"}
    only = Options(mount_points_include="^/(dev|t)", fs_types_include="ext")
    assert points(scrape(Filesystem(paths, only))) == {"/dev/x", "/developer"}


def test_one_that_cannot_be_asked_says_why(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", LINE.format(point="/gone"))
    assert scrape(Filesystem(paths, Options())) == {
        ("node_filesystem_device_error", "/dev/sda2", "/gone", "ext4",
         "no such file or directory"): 1,
        ("node_filesystem_readonly", "/dev/sda2", "/gone", "ext4",
         "no such file or directory"): 0,
    }  # fmt: skip


def test_one_that_never_answered_is_given_though_it_is_the_only_one(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    def statvfs(_: str) -> os.statvfs_result:
        raise RuntimeError("nothing comes back from here")

    write("proc/1/mountinfo", LINE.format(point="/"))
    collector = Filesystem(paths, Options(), statvfs)
    for _ in range(2):
        samples = scrape(collector)
        assert samples["node_filesystem_device_error", "/dev/sda2", "/", "ext4", SILENT] == 1


def test_without_the_first_process_its_own_mounts_are_given(
    paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/self/mountinfo", LINE.format(point="/"))
    assert points(scrape(Filesystem(paths, Options()))) == {"/"}


def test_without_any_list_of_mounts_there_is_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(FileNotFoundError):
        scrape(Filesystem(paths, Options()))


@pytest.mark.parametrize("line", ["28 1 8:2", "28 1 8:2 / / rw ext4", "a - b", "1 2 3 4 5 6 - x y"])
def test_a_damaged_line_is_refused(
    line: str, paths: Paths, write: Callable[..., object], scrape: Scrape
) -> None:
    write("proc/1/mountinfo", line)
    with pytest.raises(ValueError, match="unpack"):
        scrape(Filesystem(paths, Options()))


# Run where what it mounts is nobody else's; after each step: how often the list of mounts was read,
# and of each mount below the folder whether it is read-only.
ON_MOUNTS = """
import json, subprocess, sys
from hyperion_exporter.collectors.filesystem import READONLY, Filesystem, Options
from hyperion_exporter.page import TEXT, Page, joined
from hyperion_exporter.paths import Paths, Watched

class Read(Watched):
    times = 0

    def read(self):
        Read.times += 1
        return super().read()

class Counting(Paths):
    def watched(self, name):
        return Read(self.procfs / name)

def step(*argv):
    subprocess.run(argv, check=True)
    blocks = list(collector.collect())
    values = [value for block in blocks for value in block.values()]
    text = joined(Page(10_000).layout("", blocks).fill(values, TEXT)).decode()
    mounts = {p: l[-1] for p in (a, b) for l in text.split("\\n")
              if l.startswith(READONLY.name) and f'"{p}"' in l}
    seen.append([Read.times, *mounts.values()])

a, b = sys.argv[1:]
collector, seen = Filesystem(Counting(), Options(mount_points_include=f"^({a}|{b})$")), []
step("mount", "-t", "tmpfs", "tmpfs", a)
step("true")
step("mount", "-t", "tmpfs", "tmpfs", b)
step("unshare", "--mount", "mount", "-o", "remount,ro", b)
step("true")
step("umount", a)
print(json.dumps(seen))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts of its own")
def test_the_list_of_mounts_is_read_when_it_changed(tmp_path: Path) -> None:
    points = [tmp_path / "a", tmp_path / "b"]
    for point in points:
        point.mkdir()
    alone = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    argv = [*alone, sys.executable, "-c", ON_MOUNTS, *points]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout) == [
        [1, "0"],
        [1, "0"],
        [2, "0", "0"],
        # The filesystem itself, as after a fault of its disk: of that the kernel says nothing.
        [3, "0", "1"],
        [3, "0", "1"],
        [4, "1"],
    ]
