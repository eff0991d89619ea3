"""Answers that are asked for beside the scrapes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from weakref import ref

import pytest

from hyperion_exporter.background import Background
from hyperion_exporter.interval import Interval
from lab.wait import wait_for


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Oracle:
    """Answers with how often it was asked, when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.answered = 0
        self.free = threading.Event()
        self.free.set()
        self.fault: Exception | None = None

    def __call__(self) -> int:
        self.asked += 1
        self.free.wait()
        if self.fault:
            raise self.fault
        self.answered = self.asked
        return self.answered


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    oracle = Oracle()
    yield oracle
    oracle.free.set()


def background(oracle: Callable[[], int], clock: Clock, first: float = 10) -> Background[int]:
    return Background("oracle", oracle, Interval(60, clock), first, clock)


def shown(answers: Background[int], answer: int) -> None:
    wait_for(lambda: answers.look() == answer, 10, f"answer {answer}")


def test_the_first_answer_is_waited_for(oracle: Oracle) -> None:
    assert background(oracle, Clock()).look() == 1


def test_until_its_time_has_come_the_last_answer_is_given_with_its_age(oracle: Oracle) -> None:
    clock = Clock()
    answers = background(oracle, clock)
    answers.look()
    clock.now = 59
    assert (answers.look(), answers.age(), oracle.asked) == (1, 59, 1)
    clock.now = 60
    shown(answers, 2)
    assert answers.age() == 0


def test_one_that_hangs_keeps_its_last_answer_and_is_not_asked_again(oracle: Oracle) -> None:
    clock = Clock()
    answers = background(oracle, clock)
    answers.look()
    oracle.free.clear()
    for now in (60, 600, 6000):
        clock.now = now
        assert answers.look() == 1
    assert answers.age() == 6000
    assert oracle.asked == 2
    oracle.free.set()
    wait_for(lambda: answers.look() != 1, 10, "a later answer")


def test_one_that_hangs_from_the_start_holds_up_the_first_look_for_a_moment_alone(
    oracle: Oracle,
) -> None:
    oracle.free.clear()
    answers = background(oracle, Clock(), first=0.01)
    assert [answers.look(), answers.look()] == [None, None]
    assert oracle.asked == 1


def test_what_asking_raised_is_raised_until_it_works_again(oracle: Oracle) -> None:
    clock = Clock()
    answers = background(oracle, clock)
    oracle.fault = OSError("no such oracle")
    for _ in range(2):
        with pytest.raises(OSError, match="no such oracle"):
            answers.look()
    assert oracle.asked == 1, "no sooner than one that works"
    oracle.fault = None
    clock.now = 120

    def works() -> bool:
        try:
            return answers.look() == 2
        except OSError:
            return False

    wait_for(works, 10, "the oracle to work again")


def test_what_was_raised_does_not_hold_who_looked(oracle: Oracle) -> None:
    """Else a reload would leave behind all collectors that were asked together with this one."""
    oracle.fault = PermissionError("not you")
    kept = background(oracle, Clock())

    def look() -> ref[Clock]:
        mine = Clock()
        with suppress(PermissionError):
            kept.look()
        return ref(mine)

    assert look()() is None
