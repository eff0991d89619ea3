"""The count and the position in their folder, on good days and bad ones."""

import json
import logging
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperion_exporter.collectors.events.classes import CLASSES, LEVELS
from hyperion_exporter.collectors.events.keeping import FILE, Keeping
from hyperion_exporter.collectors.events.tally import SOURCES, USUAL, Tally, parsed
from hyperion_exporter.sources.event_log import Event

OOM = Event("kernel", 3, b"kernel", b"Out of memory: Killed process 7 (a)", 1763712000.25)
CHAT = Event("journal", 6, b"nginx", b"", 1763712001.5)


@pytest.fixture
def tally() -> Tally:
    tally = Tally(kind="journal", position="s=1;i=2")
    tally.add([OOM, CHAT, CHAT])
    return tally


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    keeping = Keeping(tmp_path)
    assert keeping.hold()
    yield keeping
    keeping.close()


def test_what_is_kept_is_found_again(keeping: Keeping, tally: Tally, tmp_path: Path) -> None:
    assert keeping.load() is None
    assert keeping.save(tally)
    keeping.close()
    again = Keeping(tmp_path)
    assert again.hold() and again.load() == tally
    assert tally.counts["kernel", "err", "oom_kill"] == 1
    assert tally.counts["journal", "info", "other"] == 2
    assert tally.seen == {"oom_kill": OOM.time, "other": CHAT.time}
    again.close()


def test_others_may_read_it_whoever_wrote_it(
    keeping: Keeping, tally: Tally, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        keeping.save(tally)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_of_two_who_count_one_holds_the_folder(
    keeping: Keeping, tally: Tally, tmp_path: Path
) -> None:
    keeping.save(tally)
    second = Keeping(tmp_path)
    assert not second.hold()
    assert second.load() == tally
    keeping.close()
    assert second.hold()
    second.close()


def test_what_a_killed_writer_left_half_is_not_taken(
    keeping: Keeping, tally: Tally, tmp_path: Path
) -> None:
    keeping.save(tally)
    new = tmp_path / f"{FILE}.new"
    new.write_text('{"kind": "jour')
    assert keeping.load() == tally
    assert keeping.save(tally) and not new.exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"kind": "journal"}', "\xff", '"' * 9,
     '{"kind": "j", "position": "p", "counts": {"kernel err": 1}, "seen": {}}',
     '{"kind": "j", "position": "p", "counts": {"kernel err disk": "many"}, "seen": {}}',
     '{"kind": "j", "position": "p", "counts": {"kernel err disk": 1}, "seen": {"disk": []}}'],
)  # fmt: skip
def test_a_damaged_file_is_named_and_begun_anew(
    text: str, keeping: Keeping, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    assert keeping.load() is None
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{tmp_path}: {FILE} cannot be read" in record.getMessage()


def test_classes_of_another_version_are_left_out(tally: Tally) -> None:
    said = json.loads(tally.text())
    said["counts"]["kernel err moon_phase"] = said["counts"]["sun err disk"] = 9
    said["seen"]["moon_phase"] = 1.0
    assert parsed(json.dumps(said)) == tally


def test_a_disk_without_room_is_said_once_and_what_was_kept_stays(
    keeping: Keeping, tally: Tally, caplog: pytest.LogCaptureFixture
) -> None:
    keeping.save(tally)
    kept = tally.copy()
    tally.add([CHAT])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        assert [keeping.save(tally), keeping.save(tally)] == [False, False]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "File too large; a restart will count again what follows"
    ]
    assert keeping.load() == kept
    assert keeping.save(tally) and keeping.load() == tally


@pytest.mark.parametrize("how", ["missing", "a file"])
def test_without_its_folder_nothing_is_kept_and_nothing_fails(
    how: str, tally: Tally, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    if how == "a file":
        folder.write_text("")
    keeping = Keeping(folder)
    assert keeping.hold() and keeping.load() is None and not keeping.save(tally)
    assert "a restart will begin at 0" in caplog.text


def test_a_folder_that_vanishes_is_no_fault(
    keeping: Keeping, tally: Tally, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.rmdir()
    assert not keeping.save(tally)
    assert "No such file or directory" in caplog.text
    tmp_path.mkdir()


def test_there_are_only_so_many_series() -> None:
    most = len(SOURCES) * len(LEVELS) * len(CLASSES)
    assert len(USUAL) < 60 and most < 300
    tally = Tally()
    tally.add(Event(source, level, b"systemd", b": Failed with result 'x'", 0.0)
              for source in SOURCES for level in range(8))  # fmt: skip
    assert len(tally.counts) <= most and set(USUAL) <= set(tally.counts)
