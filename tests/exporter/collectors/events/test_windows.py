"""The table of the events of Windows, tried with documented ones; none came from a machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hyperion_exporter.collectors.events import windows
from hyperion_exporter.collectors.events.classes import CLASSES, LEVELS, OTHER
from hyperion_exporter.collectors.events.tally import Tally, parsed
from hyperion_exporter.collectors.events.windows import ROWS, SOURCES, WINDOWS
from hyperion_exporter.sources.event_log import Event
from hyperion_exporter.sources.wevtutil import Wevtutil

LINES = Path(__file__).parent / "windows.txt"


def lines() -> Iterator[tuple[str, str, str, str]]:
    for line in LINES.read_text().splitlines()[1:]:
        name, source, level, text = line.split(" | ", 3)
        yield name if name != "-" else OTHER, source, level, text


def read(source: str, text: str) -> Event:
    """As it is read from its channel, which was empty before."""

    def ask(arguments: Sequence[str]) -> bytes:
        there = arguments[1].lower() == source and "/rd:true" not in arguments
        return text.encode() if there else b""

    (event,) = Wevtutil(None, ask).read(10)
    return event


@pytest.mark.parametrize(("name", "source", "level", "text"), list(lines()))
def test_a_documented_event_is_of_its_class(name: str, source: str, level: str, text: str) -> None:
    event = read(source, text)
    assert (event.source, LEVELS[event.level], windows.of(event)) == (source, level, name)
    assert event.time > 1_300_000_000


def test_each_row_has_an_event() -> None:
    said = [read(source, text) for name, source, _, text in lines() if name != OTHER]
    told = {(e.source, e.program.lower(), int(e.message), LEVELS[e.level]) for e in said}
    for row in ROWS:
        own = {
            (row.source, provider.lower().encode(), number, row.level)
            for provider in row.providers
            for number in row.numbers
        }
        assert own & told, row


def test_rows_name_classes_levels_and_channels_that_there_are() -> None:
    assert {row.name for row in ROWS} <= {*CLASSES}
    assert {row.level for row in ROWS} <= {*LEVELS}
    assert {row.source for row in ROWS} <= {*SOURCES}


def test_what_is_kept_is_of_windows_alone() -> None:
    tally = Tally(WINDOWS, kind="wevtutil", position="{}")
    tally.add([Event("security", 5, b"Microsoft-Windows-Security-Auditing", b"4625", 1.0)])
    assert parsed(tally.text(), WINDOWS) == tally
    assert tally.counts["security", "notice", "authentication_failure"] == 1
    assert {source for source, _, _ in tally.counts} == {*SOURCES}
    assert len(WINDOWS.usual) < 60
