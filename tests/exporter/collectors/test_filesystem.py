"""How full each mounted filesystem is, and which of them do not answer."""

import os
from collections.abc import Callable

import pytest

from hyperion_exporter.collectors.filesystem import Filesystem, Options
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
