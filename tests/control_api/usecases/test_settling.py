"""Actions whose process died: what became of them is recorded as unknown, once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.chain import Record
from hyperion_control.store import records
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import audit, settling
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.workers import introduce

ADA = Actor(Origin(), user_id="usr_ada", organisation_id="org_acme")
Settle = Callable[[Parts, Worker], None]


@pytest.fixture
def worker(parts: Parts) -> Worker:
    return introduce(parts)


def lose(parts: Parts, target: str = "usr_olga") -> str:
    """Leave an intent without an outcome, as a process that dies does."""
    with parts.audit.acting(Entry(ADA, "user:create", target)) as intent:
        pass
    with parts.database.reading("*") as connection:
        (begin, _) = list(records.walk(connection))[-2:]
    lost = begin._replace(id=f"aud_lost_{target}")
    with parts.database.writing("*", alone=records.ALONE) as connection:
        records.append(connection, [lost])
    assert intent == begin.id
    return lost.id


def unknown(parts: Parts) -> list[Record]:
    with parts.database.reading("*") as connection:
        return [found for found in records.walk(connection) if found.outcome == "unknown"]


@pytest.mark.parametrize("settle", [settling.settle_recent, settling.settle_all])
def test_what_became_of_an_action_is_unknown_after_a_quarter_of_an_hour(
    parts: Parts, worker: Worker, clock: Any, settle: Settle
) -> None:
    lost = lose(parts)
    clock.forward(15 * 60)
    settle(parts, worker)
    assert unknown(parts) == []
    clock.forward(1)
    settle(parts, worker)
    (found,) = unknown(parts)
    assert (found.phase, found.of, found.action) == ("outcome", lost, "user:create")
    assert (found.actor_id, found.organisation_id) == ("usr_ada", "org_acme")
    settle(parts, worker)
    assert len(unknown(parts)) == 1
    assert audit.verify(parts.database).broken is None


def test_after_days_without_a_worker_the_first_look_finds_all(
    parts: Parts, worker: Worker, clock: Any
) -> None:
    lose(parts)
    clock.forward(7 * 86_400)
    settling.settle_recent(parts, worker)
    assert unknown(parts) == []
    settling.settle_all(parts, worker)
    assert len(unknown(parts)) == 1


def test_many_are_settled_piece_by_piece(parts: Parts, clock: Any) -> None:
    for number in range(5):
        lose(parts, f"usr_{number}")
    clock.forward(3600)
    settling.settle(parts.database, "", parts.clock(), most=2)
    assert len(unknown(parts)) == 5


def test_two_workers_at_once_settle_each_action_once(
    parts: Parts, worker: Worker, clock: Any
) -> None:
    for number in range(5):
        lose(parts, f"usr_{number}")
    clock.forward(3600)
    threads = [threading.Thread(target=settling.settle_all, args=(parts, worker)) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unknown(parts)) == 5
    assert audit.verify(parts.database).broken is None
