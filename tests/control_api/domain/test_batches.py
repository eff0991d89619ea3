"""Which tasks begin when: batches, their pauses, and when the rest is let be."""

from datetime import UTC, datetime, timedelta

import pytest

from hyperion_control.domain import batches
from hyperion_control.domain.batches import Standing, Turn, Width
from hyperion_control.domain.commands import TaskState

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
STATES = {
    "q": TaskState.QUEUED,
    "r": TaskState.RUNNING,
    "c": TaskState.CANCELING,
    "s": TaskState.SUCCEEDED,
    "f": TaskState.FAILED,
    "u": TaskState.UNREACHABLE,
    "k": TaskState.SKIPPED,
}


def standings(letters: str) -> list[Standing]:
    """One for each letter; all that has ended did so ten seconds ago."""
    ended = NOW - timedelta(seconds=10)
    return [
        Standing(f"{place}", "", STATES[letter], None if letter in "qrc" else ended)
        for place, letter in enumerate(letters)
    ]


def begun(width: Width, letters: str) -> str:
    """The numbers of those that begin now."""
    return "".join(each.task_id for each in batches.turn(width, standings(letters), NOW).begin)


@pytest.mark.parametrize(
    ("width", "letters", "expected"),
    [
        (Width(), "qqqq", "0123"),
        (Width(), "srqf", "2"),
        (Width(), "ssss", ""),
        (Width(concurrency=2), "qqqq", "01"),
        (Width(concurrency=2), "rqqq", "1"),
        (Width(concurrency=2), "rcqq", ""),
        (Width(concurrency=2), "srqq", "2"),
        (Width(batch="2"), "qqqqq", "01"),
        (Width(batch="2"), "srqqq", ""),
        (Width(batch="2"), "rqqqq", "1"),
        (Width(batch="2"), "sfqqq", "23"),
        (Width(batch="40%"), "qqqqq", "01"),
        (Width(batch="1%"), "qqqqq", "0"),
        (Width(batch="2"), "qsqsq", "02"),  # some may not begin yet: others went before them
        (Width(batch="3", concurrency=1), "qqqqq", "0"),
        (Width(batch="2", batch_wait=10), "ssqq", "23"),
        (Width(batch="2", batch_wait=11), "ssqq", ""),
    ],
)
def test_so_many_begin_as_the_width_allows(width: Width, letters: str, expected: str) -> None:
    assert begun(width, letters) == expected


def test_the_pause_between_batches_has_an_end() -> None:
    turn = batches.turn(Width(batch="2", batch_wait=15), standings("ssqq"), NOW)
    assert turn == Turn(again_at=NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("most", "letters", "stops"),
    [
        ("", "ffff" + "q", False),
        ("0", "sssq", False),
        ("0", "fsq", True),
        ("1", "fq", False),
        ("1", "fuq", True),
        ("50%", "ffqq", False),
        ("50%", "fffq", True),
        ("5%", "f" + 18 * "s" + "q", False),
        ("5%", "ff" + 17 * "s" + "q", True),
        ("0", "ff", False),  # nothing is left to stop
        ("0", "kkq", False),
    ],
)
def test_the_rest_is_let_be_when_too_many_failed(most: str, letters: str, stops: bool) -> None:
    turn = batches.turn(Width(max_failures=most), standings(letters), NOW)
    assert turn.stop is stops
    assert not (turn.stop and turn.begin)


def test_after_too_many_failures_at_most_one_more_batch_has_begun() -> None:
    """500 machines in batches of 10 %, each tenth unreachable, 5 % tolerated."""
    width, states = Width(batch="10%", max_failures="5%"), 500 * ["q"]
    turns = 0
    while begin := batches.turn(width, standings("".join(states)), NOW).begin:
        turns += 1
        for each in begin:
            states[int(each.task_id)] = "u" if int(each.task_id) % 10 == 0 else "s"
    # After the sixth batch it is 30, which is more than 25.
    assert turns == 6
    assert states.count("q") == 200


@pytest.mark.parametrize(
    ("width", "seconds"),
    [
        (Width(), 0),
        (Width(batch="10", batch_wait=60), 9 * 70),
        (Width(batch="30%", batch_wait=60), 3 * 70),
        (Width(batch="1%"), 99 * 10),
        (Width(concurrency=7), 14 * 10),
        (Width(concurrency=5, batch="50%"), 19 * 10),
        (Width(concurrency=500, batch="500"), 0),
    ],
)
def test_a_slow_walk_is_given_its_time(width: Width, seconds: int) -> None:
    assert batches.until_last(width, 100, 10) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "0", "10%", "100%"])
def test_a_number_or_a_percentage_is_taken(text: str) -> None:
    assert batches.share(text) == text


@pytest.mark.parametrize("text", ["101%", "-1", "1.5", "%", "5 %", "٥", "five"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a number or a percentage"):
        batches.share(text)
