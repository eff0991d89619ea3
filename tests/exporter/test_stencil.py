"""Numbers that are found once in a file, and picked from then on."""

from collections.abc import Iterator

import pytest

from hyperion_exporter.collector import Samples, gauge
from hyperion_exporter.stencil import Number, Stencil, numbered

HEAT = gauge("heat_celsius", "How hot it is.", "room")
# Of the third room nobody wants to know.
TEXT = "kitchen: 21 C\nhall: 17 C\ncellar: 8 C\n"


class Rooms:
    """Finds the heat of each room, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.stencil = Stencil(self.find)

    def find(self, text: str) -> Iterator[Number]:
        self.asked += 1
        for first, (room, _, *_) in numbered(text):
            wanted = None if room == "cellar:" else HEAT
            yield Number(first + 1, wanted, (room.rstrip(":"),), 10 if room == "hall:" else 1)

    def read(self, text: str) -> list[tuple[str, object]]:
        return said(self.stencil.read(text))


def said(samples: Samples) -> list[tuple[str, object]]:
    return [(cell[1][0], v) for cell, v in zip(samples.cells(), samples.values(), strict=True)]


def test_numbers_are_picked_and_those_with_a_factor_multiplied() -> None:
    assert Rooms().read(TEXT) == [("kitchen", "21"), ("hall", 170)]


def test_while_only_numbers_change_nobody_asks_where_they_are() -> None:
    rooms = Rooms()
    rooms.read(TEXT)
    # Also those that are not given, and also when they need more room.
    assert rooms.read(TEXT.replace("21", "-7").replace("8", "1000")) == [
        ("kitchen", "-7"),
        ("hall", 170),
    ]
    assert rooms.asked == 1


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (TEXT.replace("kitchen", "bath"), [("bath", "21"), ("hall", 170)]),
        ("hall: 17 C\nkitchen: 21 C\ncellar: 8 C\n", [("hall", 170), ("kitchen", "21")]),
        (f"{TEXT}attic: 30 C\n", [("kitchen", "21"), ("hall", 170), ("attic", "30")]),
        ("hall: 17 C\n", [("hall", 170)]),
        ("", []),
    ],
    ids=["another name", "another order", "one more", "fewer", "none"],
)
def test_when_other_words_change_they_are_found_anew(
    text: str, given: list[tuple[str, object]]
) -> None:
    rooms = Rooms()
    rooms.read(TEXT)
    assert rooms.read(text) == given
    assert rooms.read(TEXT) == [("kitchen", "21"), ("hall", 170)]


def test_the_same_text_gives_the_same_samples() -> None:
    stencil = Rooms().stencil
    first = stencil.read(TEXT)
    assert stencil.read(TEXT) is first
    assert stencil.read(TEXT.replace("21", "22")) is not first
    assert said(first) == [("kitchen", "21"), ("hall", 170)]


@pytest.mark.parametrize("damaged", ["kitchen: 21 C\nhall\n", TEXT.replace("17", "warm")])
def test_a_damaged_file_is_a_fault_each_time_and_spoils_no_other(damaged: str) -> None:
    rooms = Rooms()
    for text in (TEXT, TEXT.replace("21", "22")):
        for _ in range(2):
            with pytest.raises(ValueError):
                rooms.read(damaged)
        assert rooms.read(text) == [("kitchen", text[9:11]), ("hall", 170)]
