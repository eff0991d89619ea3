"""Answers given from memory while the question is still on its way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from weakref import ref

import pytest

from hyperion_exporter.memory import Memory
from lab.wait import wait_for

WAIT = 0.02
TRUST = 60.0


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
        return self.asked


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    oracle = Oracle()
    yield oracle
    oracle.free.set()


def memory(oracle: Callable[[], int], clock: Callable[[], float], wait: float = 20) -> Memory[int]:
    return Memory("oracle", oracle, wait, TRUST, clock)


def test_what_is_answered_at_once_is_given_at_once(oracle: Oracle) -> None:
    kept = memory(oracle, Clock())
    assert [kept.look(), kept.look()] == [1, 2]


def test_a_late_answer_is_given_the_next_time(oracle: Oracle) -> None:
    kept = memory(oracle, Clock(), WAIT)
    oracle.free.clear()
    with pytest.raises(TimeoutError, match="not answered yet"):
        kept.look()
    oracle.free.set()
    wait_for(lambda: oracle.answered, 10, "the late answer")
    assert kept.look() >= 1


def test_a_question_that_hangs_is_not_asked_again(oracle: Oracle) -> None:
    kept = memory(oracle, Clock(), WAIT)
    kept.look()
    oracle.free.clear()
    threads = threading.active_count()
    assert {kept.look() for _ in range(20)} == {1}
    assert oracle.asked == 2
    assert threading.active_count() <= threads + 1


def test_an_answer_is_not_trusted_for_ever(oracle: Oracle) -> None:
    clock = Clock()
    kept = memory(oracle, clock, WAIT)
    kept.look()
    oracle.free.clear()
    clock.now = TRUST
    assert kept.look() == 1
    clock.now = TRUST + 1
    with pytest.raises(TimeoutError, match="for 60 s"):
        kept.look()


def test_what_asking_raised_is_raised_to_who_looks(oracle: Oracle) -> None:
    kept = memory(oracle, Clock())
    oracle.fault = PermissionError("not you")
    with pytest.raises(PermissionError, match="not you"):
        kept.look()
    oracle.fault = None
    assert kept.look() == 2


def test_a_fault_that_stays_does_not_grow(oracle: Oracle) -> None:
    oracle.fault = PermissionError("not you")
    kept = memory(oracle, Clock())
    depths = []
    for _ in range(3):
        with pytest.raises(PermissionError) as raised:
            kept.look()
        depths.append(len(raised.traceback))
    assert len(set(depths)) == 1


def test_what_was_raised_does_not_hold_who_looked(oracle: Oracle) -> None:
    """Else a reload would leave behind all collectors that were asked together with this one."""
    oracle.fault = PermissionError("not you")
    kept = memory(oracle, Clock())

    def look() -> ref[Clock]:
        mine = Clock()
        with suppress(PermissionError):
            kept.look()
        return ref(mine)

    assert look()() is None
