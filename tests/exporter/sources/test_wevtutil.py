"""The event log of Windows read on: with a stand-in that answers as documented, and real programs.

Nothing of this ran on Windows.
"""

import json
from pathlib import Path

import pytest

from hyperion_exporter.sources import wevtutil
from hyperion_exporter.sources.event_log import Event, NoLog
from hyperion_exporter.sources.wevtutil import Refused, Wevtutil, asker
from lab.windows_log import BEGUN, WindowsLog


@pytest.fixture
def log() -> WindowsLog:
    log = WindowsLog()
    for number in (6005, 6009, 7036):
        log.write("System", "EventLog", number, level=4)
    log.write("Application", "MsiInstaller", 1033, level=4)
    return log


def ids(events: list[Event]) -> list[int]:
    return [int(event.message) for event in events]


def test_without_a_position_it_begins_at_the_end_of_each_channel(log: WindowsLog) -> None:
    opened = Wevtutil(None, log.ask)
    assert opened.read(10) == []
    log.write("System", "disk", 7)
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4625, 0, 0x8010000000000000)
    at = BEGUN.timestamp()
    assert opened.read(10) == [
        Event("system", 3, b"disk", b"7", at + 5),
        Event("security", 5, b"Microsoft-Windows-Security-Auditing", b"4625", at + 6),
    ]
    assert opened.read(10) == []


def test_where_nothing_came_each_channel_is_asked_once(log: WindowsLog) -> None:
    log.write("Security", "Microsoft-Windows-Eventlog", 1100)
    opened = Wevtutil(None, log.ask)
    log.asked.clear()
    opened.read(10)
    assert log.asked == list(wevtutil.CHANNELS)


def test_a_position_is_gone_on_from(log: WindowsLog) -> None:
    position = Wevtutil(None, log.ask).position
    log.write("System", "disk", 7)
    log.write("Application", "Application Error", 1000)
    again = Wevtutil(position, log.ask)
    assert ids(again.read(10)) == [7, 1000]
    assert Wevtutil(again.position, log.ask).read(10) == []


def test_no_more_are_given_than_asked_for_and_the_rest_later(log: WindowsLog) -> None:
    opened = Wevtutil(None, log.ask)
    for number in range(1, 6):
        log.write("System", "disk", number)
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4625)
    assert [ids(opened.read(2)) for _ in range(4)] == [[1, 2], [3, 4], [5, 4625], []]


@pytest.mark.parametrize("numbers_go_on", [True, False])
@pytest.mark.parametrize("later", [1, 2, 3, 4, 9])
def test_a_log_that_was_cleared_is_read_from_its_new_beginning(
    log: WindowsLog, later: int, numbers_go_on: bool
) -> None:
    """With fewer events since than before, as many, and more."""
    opened = Wevtutil(None, log.ask)
    log.clear("System", numbers_go_on)
    assert opened.read(20) == []
    for number in range(later):
        log.write("System", "disk", number)
    assert ids(opened.read(20)) == list(range(later))
    assert opened.read(20) == []


def test_a_log_that_ran_over_gives_what_it_still_has(log: WindowsLog) -> None:
    opened = Wevtutil(None, log.ask)
    for number in range(10, 20):
        log.write("System", "disk", number)
    log.overwrite("System", 8)
    assert ids(opened.read(20)) == list(range(15, 20))


@pytest.mark.parametrize("position", ["", "17", "[]", '{"System": 3}', '{"System": [1, "x"]}'])
def test_a_position_that_is_none_is_as_no_position(log: WindowsLog, position: str) -> None:
    assert Wevtutil(position, log.ask).read(10) == []


def test_events_that_say_little_are_counted_all_the_same() -> None:
    bare = b"<Event xmlns='x'><System><EventID>9</EventID><EventRecordID>4</EventRecordID>"
    bare += b"<TimeCreated SystemTime='2026-99-99'/></System></Event>"
    told = {"System": bare, "Application": b"<Event><System><Level>x", "Security": b""}
    opened = Wevtutil(None, lambda asked: b"" if "/rd:true" in asked else told[asked[1]])
    assert opened.read(10) == [Event("system", 6, b"", b"9", 0.0)]
    assert json.loads(opened.position)["System"] == [4, 0.0]


def test_a_channel_that_may_not_be_read_is_left_out_and_named(
    log: WindowsLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.denied = {"Security"}
    opened = Wevtutil(None, log.ask)
    log.write("System", "disk", 7)
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4625)
    assert ids(opened.read(10)) == [7]
    assert "the log Security cannot be read: wevtutil ended with status 5" in caplog.text


def test_what_a_denied_channel_had_is_gone_on_from_when_it_may_be_read_again(
    log: WindowsLog,
) -> None:
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4624)
    position = Wevtutil(None, log.ask).position
    log.denied = {"Security"}
    position = Wevtutil(position, log.ask).position
    log.denied.clear()
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4625)
    assert ids(Wevtutil(position, log.ask).read(10)) == [4625]


def test_who_may_read_none_is_told_the_group(log: WindowsLog) -> None:
    log.denied = set(wevtutil.CHANNELS)
    with pytest.raises(NoLog, match="its group is Event Log Readers"):
        Wevtutil(None, log.ask)


def test_a_channel_that_hangs_loses_nothing_of_the_others(log: WindowsLog) -> None:
    opened = Wevtutil(None, log.ask)
    log.write("System", "disk", 7)
    log.hung = {"Security"}
    with pytest.raises(OSError, match="gave no answer within 30 s"):
        opened.read(10)
    log.hung.clear()
    assert ids(opened.read(10)) == [7]


def program(folder: Path, text: str) -> Path:
    made = folder / "wevtutil.exe"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return made


def test_a_program_is_asked_by_its_arguments_and_not_by_a_shell(tmp_path: Path) -> None:
    ask = asker(program(tmp_path, 'printf "%s\\n" "$@"'))
    assert ask(["qe", "a b", "/q:*[System[(EventRecordID>=1)]]"]).decode().splitlines() == [
        "qe", "a b", "/q:*[System[(EventRecordID>=1)]]",
    ]  # fmt: skip


def test_a_program_that_hangs_fails_or_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="no answer within 0 s"):
        asker(program(tmp_path, "exec sleep 60"), 0.2)([])
    with pytest.raises(Refused, match="ended with status 5"):
        asker(program(tmp_path, "exit 5"))([])
    with pytest.raises(NoLog, match="cannot be started: No such file"):
        asker(tmp_path / "none")([])


def test_the_program_is_that_of_the_system() -> None:
    assert wevtutil.program({"SystemRoot": "/w"}) == Path("/w/System32/wevtutil.exe")
