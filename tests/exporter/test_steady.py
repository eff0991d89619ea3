"""Once it runs, a scrape opens no file that it could have kept open."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperion_exporter import config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard

# What is opened each time all the same, and why.
ALLOWED = {
    r"/proc/self/fd": "who counts the open files has to list them",
    r"/proc/\d+(/.*)?": "processes come and go faster than they would be kept",
    r"/proc": "to see which processes there are",
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


def opened_by(guard: Guard) -> list[str]:
    """In the third gathering: the first opens what the others find open."""
    for _ in range(3):
        _opened.clear()
        guard.gather(30)
    allowed = re.compile("|".join(f"({pattern})" for pattern in ALLOWED))
    # Looking for what is not there, or not for us, is no opening.
    return [p for p in _opened if os.access(p, os.R_OK) and not allowed.fullmatch(p)]


def test_on_this_machine_nothing_is_opened_anew() -> None:
    everything = [f"--collector.{kind.name}" for kind in COLLECTORS]
    assert opened_by(Guard(config.read(everything, COLLECTORS).collectors)) == []


def test_a_file_that_is_opened_each_time_is_noticed(tmp_path: Path) -> None:
    class Careless(COLLECTORS[0]):  # type: ignore[misc, valid-type]
        def __init__(self) -> None: ...

        def collect(self) -> list[object]:
            (tmp_path / "opened").write_text("")
            return []

    assert opened_by(Guard([Careless()])) == [str(tmp_path / "opened")]
