"""Files that stay open and are read from their start each time."""

import os
import subprocess
from pathlib import Path

import pytest

from hyperion_exporter.paths import Kept, Paths, Watched
from lab.wait import wait_for


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_file_is_read_from_its_start_each_time(tmp_path: Path) -> None:
    file = tmp_path / "loadavg"
    file.write_text("first")
    kept = Kept(file)
    assert kept.text() == kept.text() == "first"
    file.write_text("2")
    assert kept.read() == b"2"


def test_it_is_opened_once_and_closed_with_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    before = descriptors()
    kept = Kept(tmp_path / "file")
    assert descriptors() == before, "not before it is needed"
    for _ in range(10):
        kept.read()
    assert descriptors() == before + 1
    kept.close()
    kept.close()
    assert kept.text() == "here"
    del kept
    assert descriptors() == before


@pytest.mark.parametrize("size", [0, 1, 4096, 65535, 65536, 65537, 1_000_000])
def test_it_is_read_to_its_end_however_long(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    kept = Kept(tmp_path / "file")
    assert kept.read() == kept.read() == content


def test_a_list_that_the_kernel_gives_in_pieces_is_whole() -> None:
    file = Path("/proc/kallsyms")
    if not file.exists():
        pytest.skip("needs a list of the kernel that is long and does not change: /proc/kallsyms")
    text = file.read_bytes()
    fd = os.open(file, os.O_RDONLY)
    piece = os.read(fd, 1 << 16)
    os.close(fd)
    assert len(piece) < len(text), "a single read is not enough for it"
    assert Kept(file).read() == text


def test_of_a_short_file_one_read_is_all(tmp_path: Path) -> None:
    file = tmp_path / "carrier"
    file.write_text("1\n")
    kept = Kept(file)
    assert kept.short() == kept.short() == b"1\n"
    file.write_text("0\n")
    assert kept.short() == kept.read() == b"0\n"


def test_of_a_file_that_cannot_be_watched_each_reading_may_differ(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("as a copy of /proc has it")
    watched = Watched(tmp_path / "mountinfo")
    assert watched.changed()
    watched.read()
    assert watched.changed()


def test_a_file_that_is_not_there_yet_is_found_later(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "late")
    with pytest.raises(FileNotFoundError):
        kept.read()
    (tmp_path / "late").write_text("now")
    assert kept.text() == "now"


def test_what_went_away_and_came_back_is_opened_anew(tmp_path: Path) -> None:
    """As with a device: the open file of an ended process answers with an error."""
    file = tmp_path / "comm"
    first, second = (subprocess.Popen(name, stdin=subprocess.PIPE) for name in ("cat", "tee"))
    with second, first:
        file.symlink_to(f"/proc/{first.pid}/comm")
        kept = Kept(file)
        wait_for(lambda: kept.text() == "cat\n", 10, "the first program")
        first.communicate()
        with pytest.raises(FileNotFoundError):
            kept.read()
        file.unlink()
        file.symlink_to(f"/proc/{second.pid}/comm")
        wait_for(lambda: kept.text() == "tee\n", 10, "the second program")


def test_lines_break_at_newlines_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\x0cb\n\nc\x85\xe2\x80\xa8d\r\ne")
    lines = Kept(tmp_path / "file").lines()
    assert lines == ["a\x0cb", "c\udc85\N{LINE SEPARATOR}d\r", "e"]


def test_names_that_are_not_utf8_can_be_used_as_paths_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"caf\xe9")
    assert os.fsencode(Kept(tmp_path / "file").text()) == b"caf\xe9"


def test_every_root_can_be_moved(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "p", tmp_path / "s", tmp_path / "r", tmp_path / "u")
    assert paths.proc("net/dev").path == tmp_path / "p/net/dev"
    assert paths.watched("1/mountinfo").path == tmp_path / "p/1/mountinfo"
    assert paths.sys("class/net") == tmp_path / "s/class/net"
    assert paths.udev("b8:0") == tmp_path / "u/b8:0"
