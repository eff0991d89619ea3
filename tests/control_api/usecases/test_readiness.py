"""Readiness beside a database that hangs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from sqlalchemy import Connection

from hyperion_control.store.database import Database
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.readiness import Readiness
from lab.wait import wait_for


class Hanging:
    """In front of a real database: holds whoever asks until let go."""

    def __init__(self, database: Database) -> None:
        self.let_go = threading.Event()
        self.asked = 0
        self._database = database

    @contextmanager
    def probing(self) -> Iterator[Connection]:
        self.asked += 1
        assert self.let_go.wait(30)
        with self._database.probing() as connection:
            yield connection

    def unconfined(self, connection: Connection) -> bool:
        return self._database.unconfined(connection)


def readiness(parts: Parts, hanging: Hanging) -> Readiness:
    return Readiness(cast(Database, hanging), parts.clock, patience=0.1)


def test_a_hanging_database_is_answered_about_and_recovers(parts: Parts) -> None:
    hanging = Hanging(parts.database)
    asked = readiness(parts, hanging)
    begun = time.monotonic()
    checks = asked.checks()
    assert time.monotonic() - begun < 1
    assert checks[0].detail == "the database has not answered for 0.1 s"
    assert [check.ok for check in checks] == [False] * 4
    hanging.let_go.set()
    wait_for(lambda: asked.checks()[0].ok, 10, "the database to be asked again")


def test_many_askers_hold_one_thread(parts: Parts) -> None:
    hanging = Hanging(parts.database)
    asked = readiness(parts, hanging)
    before = set(threading.enumerate())
    for _ in range(5):
        asked.facts()
    assert hanging.asked == 1
    assert len(set(threading.enumerate()) - before) == 1
    hanging.let_go.set()


def test_an_unforeseen_fault_is_not_hidden(parts: Parts) -> None:
    class Broken:
        def probing(self) -> object:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Readiness(cast(Database, Broken()), parts.clock).facts()
