"""The numbers against guessing, and the waits that follow from them."""

from datetime import UTC, datetime, timedelta

import pytest

from hyperion_control.domain import limits
from hyperion_control.domain.limits import Window, neighbourhood, wait_after, wait_within

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NONE = timedelta(0)


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


def test_the_numbers_are_those_that_were_promised() -> None:
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    assert (30 * minute, 12 * hour, 5 * minute) == (limits.IDLE, limits.ABSOLUTE, limits.STEP_UP)
    assert (5 * minute, 5) == (limits.CHALLENGE_LIFE, limits.CHALLENGE_TRIES)
    assert (limits.FREE_FAILURES, limits.MOST_FAILURES) == (5, 100)
    assert Window(20, 15 * minute) == limits.PER_ADDRESS
    assert Window(300, 5 * minute) == limits.EVERYWHERE
    assert set(limits.CODES) == {Window(5, 5 * minute), Window(20, hour), Window(50, day)}


@pytest.mark.parametrize("failures", range(5))
def test_five_failures_are_free(failures: int) -> None:
    assert wait_after(failures, NOW, NOW) == NONE


def test_then_each_costs_twice_as_much_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failures, NOW, NOW).seconds for failures in range(5, 20)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]
    assert wait_after(10_000, NOW, NOW).seconds == 900


def test_a_wait_runs_from_the_last_failure() -> None:
    assert wait_after(8, NOW - timedelta(seconds=3), NOW) == timedelta(seconds=5)
    assert wait_after(8, NOW - timedelta(seconds=9), NOW) == NONE


def test_a_window_opens_when_its_oldest_leaves_it() -> None:
    three = Window(3, timedelta(minutes=1))
    assert wait_within(three, ago(1, 2), NOW) == NONE
    assert wait_within(three, ago(1, 2, 50), NOW) == timedelta(seconds=10)
    assert wait_within(three, ago(1, 2, 50, 55), NOW) == timedelta(seconds=10)
    assert wait_within(three, ago(1, 2, 60), NOW) == NONE


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:" + "x" * 100, "unix:" + "x" * 59),
    ],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted
