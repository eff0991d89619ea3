"""The table of workers, and times in it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from hyperion_control.store import workers
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANN, BEN = Worker("wrk_ann", "ann:1", NOON), Worker("wrk_ben", "ben:2", NOON)


def test_the_last_mark_of_any_worker_counts(parts: Parts) -> None:
    with parts.database.writing() as connection:
        assert workers.last_seen(connection) is None
        workers.mark(connection, ANN, NOON + timedelta(seconds=9))
        workers.mark(connection, BEN, NOON + timedelta(seconds=5))
        assert workers.last_seen(connection) == NOON + timedelta(seconds=9)
        workers.mark(connection, BEN, NOON + timedelta(seconds=10))
        assert workers.last_seen(connection) == NOON + timedelta(seconds=10)


def test_a_time_comes_back_aware_and_in_utc(parts: Parts) -> None:
    paris = timezone(timedelta(hours=2))
    with parts.database.writing() as connection:
        workers.mark(connection, ANN, datetime(2026, 7, 1, 14, 0, 0, 250_000, tzinfo=paris))
        seen = workers.last_seen(connection)
    assert seen is not None
    assert seen.isoformat() == "2026-07-01T12:00:00.250000+00:00"


def test_a_time_without_a_zone_is_refused(parts: Parts) -> None:
    with parts.database.writing() as connection, pytest.raises(StatementError, match="zone"):
        workers.mark(connection, ANN, datetime(2026, 7, 1))


def test_only_those_unseen_since_are_forgotten(parts: Parts) -> None:
    with parts.database.writing() as connection:
        workers.mark(connection, ANN, NOON)
        workers.mark(connection, BEN, NOON + timedelta(days=2))
        workers.forget(connection, NOON + timedelta(days=1))
        assert workers.last_seen(connection) == NOON + timedelta(days=2)
        workers.forget(connection, NOON + timedelta(days=3))
        assert workers.last_seen(connection) is None
