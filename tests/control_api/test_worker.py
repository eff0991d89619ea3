"""The worker's chores: in turn, each at its period, and through bad times."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import workers as table
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import workers
from hyperion_control.usecases.parts import Parts
from hyperion_control.worker import CHORES, Chore, Rounds


@dataclass
class Watch:
    """A stopwatch that stands still until a chore is due: it then shows that moment."""

    now: float = 0.0
    done: list[tuple[float, str]] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def chore(self, name: str, period: float, work: Callable[[], None] = lambda: None) -> Chore:
        def noted(_parts: Parts, _worker: Worker) -> None:
            self.done.append((self.now, name))
            work()

        return Chore(name, period, noted)

    def run(self, rounds: Rounds, steps: int) -> None:
        for _ in range(steps):
            self.now = max(self.now, rounds.due)
            rounds.step()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def worker(parts: Parts) -> Worker:
    return workers.introduce(parts)


def last_seen(parts: Parts) -> datetime | None:
    with parts.database.reading() as connection:
        return table.last_seen(connection)


def test_each_chore_has_its_own_period(parts: Parts, worker: Worker, watch: Watch) -> None:
    chores = (watch.chore("often", 5), watch.chore("seldom", 12))
    watch.run(Rounds(parts, worker, chores, watch), 6)
    assert watch.done == [
        (0, "often"),
        (0, "seldom"),
        (5, "often"),
        (10, "often"),
        (12, "seldom"),
        (15, "often"),
    ]


def test_the_heartbeat_is_among_them_and_far_more_often_than_readiness_asks(
    parts: Parts, worker: Worker
) -> None:
    heartbeat = next(chore for chore in CHORES if chore.work is workers.mark)
    assert heartbeat.period == 5
    Rounds(parts, worker).step()
    assert last_seen(parts) == parts.clock()


def test_workers_unseen_for_a_day_are_forgotten(parts: Parts, worker: Worker, clock: Any) -> None:
    workers.mark(parts, worker)
    clock.forward(86_399)
    Rounds(parts, worker, CHORES[1:]).step()
    assert last_seen(parts) is not None
    clock.forward(2)
    Rounds(parts, worker, CHORES[1:]).step()
    assert last_seen(parts) is None


def test_a_chore_that_fails_is_tried_after_growing_pauses_and_holds_no_other(
    parts: Parts, worker: Worker, watch: Watch
) -> None:
    def fail() -> None:
        raise DatabaseUnavailable("the database is away")

    watch.run(Rounds(parts, worker, [watch.chore("broken", 5, fail)], watch), 8)
    assert [moment for moment, _ in watch.done] == [0, 1, 3, 7, 15, 31, 61, 91]


def test_a_change_of_state_is_logged_once(
    parts: Parts, worker: Worker, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    faults = ["away", "away", "full", ""]

    def work() -> None:
        if fault := faults.pop(0):
            raise DatabaseUnavailable(fault)

    with caplog.at_level(logging.INFO):
        watch.run(Rounds(parts, worker, [watch.chore("mark", 5, work)], watch), 4)
    assert [entry.getMessage() for entry in caplog.records] == [
        "cannot mark, trying again: away",
        "cannot mark, trying again: full",
        "can mark again",
    ]
    assert "Traceback" not in caplog.text


def test_an_unforeseen_fault_is_logged_with_its_trace_and_survived(
    parts: Parts, worker: Worker, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> None:
        raise ZeroDivisionError

    watch.run(Rounds(parts, worker, [watch.chore("divide", 5, work)], watch), 2)
    assert len(watch.done) == 2
    assert "Traceback" in caplog.text


def test_being_told_to_stop_ends_the_rounds_without_another_chore(
    parts: Parts, worker: Worker, watch: Watch
) -> None:
    stop = threading.Event()
    rounds = Rounds(parts, worker, [watch.chore("stop", 0, stop.set)], watch)
    rounds.run(stop)
    assert len(watch.done) == 1
