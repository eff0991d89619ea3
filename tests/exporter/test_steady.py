"""Once it runs, a scrape opens no file that it could have kept open."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from exporter import golden
from hyperion_exporter import config
from hyperion_exporter.collector import Block, Collector, gauge, one
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard

# What is opened each time all the same, and why.
ALLOWED = {
    r"/proc/self/fd": "who counts the open files has to list them",
    r"/proc/\d+(/.*)?": "processes come and go faster than they would be kept",
    r"/proc": "to see which processes there are",
}
# On a copy of a machine, from its folder on.
ALLOWED_ON_COPY = {
    r"/sys/class/net(/.*)?": "of a real one the kernel says when it changed",
    r"/proc(/\d+(/.*)?)?": "as on a real one",
    r"/textfile": "a file may have come",
}
_watching = False
_opened: list[str] = []


def _note(event: str, args: tuple[object, ...]) -> None:
    if _watching and event in ("open", "os.listdir", "os.scandir") and isinstance(args[0], str):
        _opened.append(args[0])


@pytest.fixture(scope="module", autouse=True)
def hook() -> Iterator[None]:
    global _watching
    # Python keeps such a hook for ever; outside of this file it does nothing.
    sys.addaudithook(_note)
    _watching = True
    yield
    _watching = False


def opened_by(guard: Guard, allowed: Iterable[str] = ()) -> list[str]:
    """In the third gathering: the first opens what the others find open."""
    for _ in range(3):
        _opened.clear()
        guard.gather(30)
    known = re.compile("|".join([*ALLOWED, *allowed]))
    # Looking for what is not there, or not for us, is no opening.
    return [path for path in _opened if os.access(path, os.R_OK) and not known.fullmatch(path)]


def test_on_this_machine_nothing_is_opened_anew() -> None:
    everything = [f"--collector.{kind.name}" for kind in COLLECTORS]
    assert opened_by(Guard(config.read(everything, COLLECTORS).collectors)) == []


def test_on_the_captured_machine_nothing_is_opened_anew(tmp_path: Path) -> None:
    machine = golden.captured(tmp_path / "machine")
    guard = Guard(golden.collectors(machine))
    allowed = (re.escape(str(machine)) + pattern for pattern in ALLOWED_ON_COPY)
    assert opened_by(guard, allowed) == []


def test_a_file_that_is_opened_each_time_is_noticed(tmp_path: Path) -> None:
    class Careless(Collector):
        name = "careless"
        help = "-"

        def __init__(self) -> None: ...

        def collect(self) -> list[Block]:
            (tmp_path / "opened").write_text("")
            return [one((gauge("lamp", "For tests."),), (1,))]

    assert opened_by(Guard([Careless()])) == [str(tmp_path / "opened")]
