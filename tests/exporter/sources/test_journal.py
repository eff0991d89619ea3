"""The journal by its library and by its program: of a real journald both say the same."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperion_exporter.sources import journal
from hyperion_exporter.sources.event_log import MOST_BYTES, Event, EventLog, NoLog
from hyperion_exporter.sources.journal import Journal
from hyperion_exporter.sources.journalctl import Journalctl
from lab.journald import Journald, journald
from lab.wait import wait_for

SOON = 10.0
PROGRAMS = {b"lab", b"kernel"}
both = pytest.mark.parametrize("log", [Journal, Journalctl])


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journald]:
    with journald(tmp_path_factory.mktemp("journald")) as system:
        yield system


def opened(log: type[EventLog], system: Journald, position: str | None = None) -> EventLog:
    return log(system.root, position, PROGRAMS)


def given(log: EventLog, count: int, most: int = 1000) -> list[Event]:
    """So many events, journald's own not counted; it writes when it likes to."""
    events: list[Event] = []

    def enough() -> bool:
        events.extend(e for e in log.read(most) if e.program != b"systemd-journald")
        return len(events) >= count

    wait_for(enough, SOON, f"{count} events")
    return events


@both
def test_what_is_written_after_it_was_opened_is_given_in_order(
    log: type[EventLog], system: Journald
) -> None:
    found = opened(log, system)
    system.write("one", level=3)
    system.write("two", level=7)
    one, two = given(found, 2)
    assert one[:4] == ("journal", 3, b"lab", b"one")
    assert two[:4] == ("journal", 7, b"lab", b"two")
    assert abs(one.time - Path("/proc/self").stat().st_ctime) < 3600 and one.time <= two.time
    assert found.read(10) == []
    found.close()


@both
def test_from_a_position_nothing_is_given_twice_and_nothing_is_left_out(
    log: type[EventLog], system: Journald
) -> None:
    found = opened(log, system)
    for number in range(25):
        system.write(str(number))
    numbers = [int(event.message) for event in given(found, 7, most=7)]
    position = found.position
    found.close()
    system.write("25")
    again = opened(log, system, position)
    numbers += [int(event.message) for event in given(again, 26 - len(numbers), most=10)]
    assert numbers == list(range(26))
    again.close()


@both
def test_only_the_kernel_is_the_kernel(log: type[EventLog], system: Journald) -> None:
    found = opened(log, system)
    system.write("Out of memory: Killed process 1 (init)", program="kernel")
    [claimed] = given(found, 1)
    assert (claimed.source, claimed.program) == ("journal", b"")
    system.kernel("eth0: Link is Down", level=6)
    [said] = (e for e in given(found, 1) if e.source == "kernel")
    assert said[:4] == ("kernel", 6, b"kernel", b"eth0: Link is Down")
    found.close()


@both
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"MESSAGE": b"plain", "SYSLOG_IDENTIFIER": b"lab"}, (6, b"lab", b"plain")),
        ({"MESSAGE": b"two\nlines", "SYSLOG_IDENTIFIER": b"lab", "PRIORITY": b"2"},
         (2, b"lab", b"two\nlines")),
        ({"MESSAGE": b"\xff\x00=", "SYSLOG_IDENTIFIER": b"lab", "PRIORITY": b"high"},
         (0, b"lab", b"\xff\x00=")),
        ({"MESSAGE": b"", "PRIORITY": b"4"}, (4, b"", b"")),
        ({"SYSLOG_IDENTIFIER": b"\xfe\n", "PRIORITY": b"4"}, (4, b"\xfe\n", b"")),
    ],
    ids=["no level", "two lines", "not text", "no program", "no message"],
)  # fmt: skip
def test_what_programs_write_may_be_anything(
    log: type[EventLog],
    fields: dict[str, bytes],
    said: tuple[int, bytes, bytes],
    system: Journald,
) -> None:
    found = opened(log, system)
    system.entry(**fields)
    [event] = given(found, 1)
    assert event[1:4] == said
    found.close()


@both
def test_of_a_long_message_the_beginning_is_enough(log: type[EventLog], system: Journald) -> None:
    found = opened(log, system)
    system.write(b"begin " + os.urandom(60_000), program="lab")
    [event] = given(found, 1)
    assert event.message.startswith(b"begin ") and len(event.message) <= MOST_BYTES
    found.close()


def test_messages_of_other_programs_are_not_read(system: Journald) -> None:
    found = opened(Journal, system)
    system.write("password is swordfish", program="careless")
    assert given(found, 1)[0][1:4] == (6, b"careless", b"")


@both
def test_it_goes_on_in_the_next_file(log: type[EventLog], system: Journald) -> None:
    found = opened(log, system)
    system.write("before")
    files = system.root / "run/log/journal"
    known = len(list(files.glob("*/*.journal")))
    system.rotate()
    wait_for(lambda: len(list(files.glob("*/*.journal"))) > known, SOON, "the next file")
    system.write("after")
    assert [event.message for event in given(found, 2)] == [b"before", b"after"]
    found.close()


@both
def test_a_position_that_is_gone_goes_on_with_what_is_left(
    log: type[EventLog], system: Journald
) -> None:
    found = opened(log, system)
    # As if the entry that it names had been deleted: there was never one with its checksum.
    gone = found.position.rpartition("x=")[0] + "x=0123456789abcdef"
    found.close()
    system.write("left")
    again, events = opened(log, system, gone), list[Event]()

    def there() -> bool:
        events.extend(again.read(10))
        return b"left" in [event.message for event in events]

    wait_for(there, SOON, "what is left")
    assert len(events) <= 2
    again.close()


def test_nothing_is_lost_or_doubled_where_it_is_opened_anew(
    system: Journald, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_REOPEN_EVENTS", 10)
    monkeypatch.setattr(journal, "_MANY_EVENTS", 2)
    found = opened(Journal, system)
    for number in range(100):
        system.write(str(number))
    events = given(found, 100, most=7)
    assert [int(event.message) for event in events] == list(range(100))


@both
def test_a_machine_without_a_journal_has_none(log: type[EventLog], tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="no journal that may be read"):
        log(tmp_path, None, PROGRAMS)


def test_a_machine_without_journalctl_has_none(tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="journalctl cannot be started: No such file"):
        Journalctl(tmp_path, None, PROGRAMS, "journalctl-of-nobody")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Path]:
    def fake(script: str) -> Path:
        program = tmp_path / "journalctl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return fake


ENTRY = "printf '__CURSOR=c1\\n__REALTIME_TIMESTAMP=1\\nMESSAGE=x\\n\\n'"


def test_a_journalctl_that_hangs_is_ended(fake: Callable[[str], Path], tmp_path: Path) -> None:
    program = fake(f"{ENTRY}; exec sleep 1000")
    log = Journalctl(tmp_path, "c0", PROGRAMS, str(program), patience=0.2)
    with pytest.raises(OSError, match="ended with status -9"):
        log.read(10)


def test_a_journalctl_that_fails_says_so(fake: Callable[[str], Path], tmp_path: Path) -> None:
    log = Journalctl(tmp_path, "c0", PROGRAMS, str(fake(f"{ENTRY}; printf MESS; exit 3")))
    with pytest.raises(OSError, match="journalctl ended with status 3"):
        log.read(10)
    assert log.position == "c1"


def test_it_is_asked_for_what_came_since(fake: Callable[[str], Path], tmp_path: Path) -> None:
    program = fake(f'echo "$*" >>{tmp_path}/asked; {ENTRY}')
    log = Journalctl(tmp_path, "s=1;i=2", PROGRAMS, str(program))
    assert len(log.read(10)) == 1
    [asked] = (tmp_path / "asked").read_text().splitlines()
    assert "--output=export" in asked and "--after-cursor=s=1;i=2" in asked
