"""/healthz and /readyz, beside a database in good and in bad order."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from flask.testing import FlaskClient

from hyperion_control.app import create_app
from hyperion_control.settings import Settings
from hyperion_control.usecases import workers
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Another program that writes and does not end."""
    with closing(sqlite3.connect(settings.data / "control.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_ready_when_database_migrations_and_worker_are_fine(
    client: FlaskClient, parts: Parts, clock: Any
) -> None:
    workers.mark(parts, workers.introduce(parts))
    clock.forward(29)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "checks": {
            "database": {"ok": True, "detail": "the database answers and takes writes"},
            "migrations": {"ok": True, "detail": "all are applied"},
            "audit": {"ok": True, "detail": "it can be written; the last record is number 0"},
            "worker": {"ok": True, "detail": "a worker was seen 29 s ago"},
        },
    }


def test_not_ready_before_the_first_worker(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["detail"] == "worker: no worker was ever seen: start hyperion-control worker"
    assert answer.json["checks"]["database"]["ok"] is True


def test_not_ready_when_no_worker_was_seen_for_30_seconds(
    client: FlaskClient, parts: Parts, clock: Any
) -> None:
    workers.mark(parts, workers.introduce(parts))
    clock.forward(31)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "no worker was seen for 31 s" in answer.text


def test_not_ready_before_the_migrations(empty_parts: Parts) -> None:
    if empty_parts.database.file:
        empty_parts.database.file.touch()
    answer = create_app(empty_parts).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["migrations"] == {
        "ok": False,
        "detail": "the database is still empty: run hyperion-control init",
    }


@ON_SQLITE
def test_a_locked_database_is_named_within_two_seconds(
    client: FlaskClient, settings: Settings
) -> None:
    with locked(settings):
        begun = time.monotonic()
        answer = client.get("/readyz")
        took = time.monotonic() - begun
        assert client.get("/healthz").status_code == 200
    assert took < 2
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["database"] == {
        "ok": False,
        "detail": "the database is locked by another program",
    }


@ON_SQLITE
def test_a_vanished_database_is_noticed(client: FlaskClient, settings: Settings) -> None:
    assert client.get("/readyz").status_code == 503, (
        "opened once, so a connection waits in the pool"
    )
    (settings.data / "control.sqlite").unlink()
    assert "the database file is gone" in client.get("/readyz").text
