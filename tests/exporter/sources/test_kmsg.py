"""The log of the kernel that runs here; only root may read it, and write into it."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from hyperion_exporter.sources.event_log import Event, NoLog
from hyperion_exporter.sources.kmsg import BOOT_ID, LOG, Kmsg
from lab.programs import missing

ROOT = Path("/")


@pytest.fixture
def log() -> Iterator[Kmsg]:
    try:
        log = Kmsg(ROOT, None, {b"kernel"})
    except NoLog as reason:
        missing(f"root: {reason}")
    yield log
    log.close()


def write(message: str, level: int = 5) -> str:
    """Unlike the kernel's own, with who logs: a user. What was written, made unique."""
    message = f"{message} {uuid4()}"
    (ROOT / LOG).write_text(f"<{level}>{message}\n")
    return message


def test_what_is_logged_after_it_was_opened_is_given_once(log: Kmsg) -> None:
    one, two = write("one", 3), write("two", 6)
    found = [event for event in log.read(1000) if event.message.decode() in (one, two)]
    assert [event[:4] for event in found] == [
        ("kernel", 3, b"", one.encode()),
        ("kernel", 6, b"", two.encode()),
    ]
    assert two.encode() not in [event.message for event in log.read(1000)]


def test_from_a_position_what_came_since_is_given_and_nothing_before(log: Kmsg) -> None:
    before = write("before")
    while log.read(1):
        pass
    after = [write("after"), write("after")]
    again = Kmsg(ROOT, log.position, set())
    messages = [event.message.decode() for event in again.read(1000)]
    again.close()
    assert before not in messages
    assert [message for message in messages if message in after] == after


def test_after_a_start_of_the_machine_all_is_new(log: Kmsg) -> None:
    again = Kmsg(ROOT, f"{uuid4()}:99999999", set())
    events = again.read(10)
    again.close()
    assert len(events) == 10


def test_the_kernels_own_lines_are_the_kernels(log: Kmsg) -> None:
    all_of_it = Kmsg(ROOT, "of another boot:1", set())
    events: list[Event] = []
    while more := all_of_it.read(500):
        events += more
    all_of_it.close()
    assert b"kernel" in {event.program for event in events}
    boot = float((ROOT / "proc/uptime").read_text().split()[0])
    assert max(e.time for e in events) - min(e.time for e in events) <= boot + 1


def test_what_stands_in_its_place_in_a_container_is_not_read(tmp_path: Path) -> None:
    for folder in ("dev", "proc/sys/kernel/random"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / BOOT_ID).write_text("0\n")
    os.mkfifo(tmp_path / LOG)
    with pytest.raises(NoLog, match="not to be seen here"):
        Kmsg(tmp_path, None, set())


def test_a_machine_without_one_has_none(tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="cannot be read: No such file"):
        Kmsg(tmp_path, None, set())
