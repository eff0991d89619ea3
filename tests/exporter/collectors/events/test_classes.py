"""The table of classes, tried with what kernels and programs really write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperion_exporter.collectors.events import classes
from hyperion_exporter.collectors.events.classes import CLASSES, LEVELS, OTHER, RULES
from hyperion_exporter.sources.event_log import Event

LINES = Path(__file__).parent / "lines.txt"


def lines() -> Iterator[tuple[str, str, str]]:
    for line in LINES.read_text().splitlines()[1:]:
        name, program, message = line.split(" | ", 2)
        yield name if name != "-" else OTHER, program, message


def classed(program: str, message: str) -> str:
    return classes.of(Event("journal", 6, program.encode(), message.encode(), 0.0))


@pytest.mark.parametrize(("name", "program", "message"), list(lines()))
def test_a_real_message_is_of_its_class(name: str, program: str, message: str) -> None:
    assert classed(program, message) == name


def test_each_row_has_a_message() -> None:
    said = list(lines())
    for rule in RULES:
        program = rule.programs[0]
        row = [row for row in RULES if program in row.programs].index(rule) + 1
        pattern, _ = classes.BY_PROGRAM[program.encode()]
        own = (pattern.search(message.encode()) for _, who, message in said if who == program)
        assert row in {found.lastindex for found in own if found}, rule


def test_each_class_has_a_message_and_each_level_is_one() -> None:
    assert {name for name, _, _ in lines()} == {*CLASSES}
    assert {rule.level for rule in RULES} <= {*LEVELS}


@pytest.mark.parametrize("message", ["", "x" * 512, "I/O error, dev " * 30, "]: " * 170])
def test_what_fits_nothing_is_other_and_takes_no_time(message: str) -> None:
    assert classed("systemd", message) == OTHER
    assert classed("kernel", message) in (OTHER, "io_error")
