"""The folder as it is held on Windows: by a real lock of Linux, in the form of that of Windows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperion_exporter.sources.held_folder import WindowsFolder
from lab.systems import locking


def lock(fd: int) -> None:
    locking(fd, 2, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[WindowsFolder]:
    folder = WindowsFolder(tmp_path, lock)
    assert folder.hold()
    yield folder
    folder.close()


def test_what_is_written_is_read_and_nothing_else_stays(
    folder: WindowsFolder, tmp_path: Path
) -> None:
    folder.write("a.json", "old and long")
    folder.write("a.json", "néw")
    assert folder.read("a.json", 100) == "néw"
    assert folder.read("a.json", 2) == "né"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "lock"]


def test_of_two_one_holds_it_until_it_is_closed(folder: WindowsFolder, tmp_path: Path) -> None:
    folder.write("a.json", "ours")
    second = WindowsFolder(tmp_path, lock)
    assert not second.hold() and not second.hold()
    assert second.read("a.json", 100) == "ours"
    folder.close()
    assert second.hold()
    second.close()


def test_what_cannot_be_held_or_read_is_an_error_of_the_system(
    folder: WindowsFolder, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        folder.read("a.json", 100)
    with pytest.raises(FileNotFoundError):
        WindowsFolder(tmp_path / "none", lock).hold()


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    folder: WindowsFolder, tmp_path: Path
) -> None:
    folder.write("a.json", "kept")
    (tmp_path / "a.json.new").mkdir()
    with pytest.raises(OSError):
        folder.write("a.json", "new")
    assert folder.read("a.json", 100) == "kept"
