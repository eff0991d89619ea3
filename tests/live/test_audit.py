"""The audit under processes that die and databases that hang."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from hyperion_control.domain.actors import SYSTEM
from hyperion_control.domain.chain import Record
from hyperion_control.errors import AuditUnavailable
from hyperion_control.store import records
from hyperion_control.store.database import Database
from hyperion_control.usecases import audit, settling
from hyperion_control.usecases.recorder import Entry, Recorder
from hyperion_control.usecases.scribe import PATIENCE_SECONDS
from lab import recording
from lab.databases import OnSqlite, on_postgres
from lab.wait import wait_for

WRITERS = 4
# Of all of them, before they are killed.
ENOUGH = 400


@contextmanager
def on_sqlite(folder: Path) -> Iterator[OnSqlite]:
    yield OnSqlite(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = on_postgres() if request.param == "postgres" else on_sqlite(tmp_path)
    with made as databases, databases.migrated(tmp_path) as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        yield database


def writer(url: str, number: int, told: Path) -> "subprocess.Popen[bytes]":
    # Two of the four share an organisation's chain.
    argv = [sys.executable, recording.__file__, url, f"org_{number % 3}"]
    with told.open("wb") as file:
        return subprocess.Popen(argv, stdout=file, env=os.environ)


def walked(database: Database) -> list[Record]:
    with database.reading("*") as connection:
        return list(records.walk(connection))


def test_killed_in_the_middle_four_writers_lose_nothing_that_was_acknowledged(
    url: str, database: Database, tmp_path: Path
) -> None:
    told = [tmp_path / f"told-{number}" for number in range(WRITERS)]

    def acknowledged() -> list[str]:
        return [line for file in told for line in file.read_text().split("\n")[:-1]]

    with ExitStack() as stack:
        writers = [writer(url, number, file) for number, file in enumerate(told)]
        for process in writers:
            stack.callback(process.wait)
            stack.callback(process.kill)
        wait_for(lambda: all(file.stat().st_size for file in told), 60, "all of them to write")
        wait_for(lambda: len(acknowledged()) >= ENOUGH, 60, "enough records")
    assert {process.returncode for process in writers} == {-signal.SIGKILL}

    verdict = audit.verify(database)
    assert verdict.broken is None
    intents = {record.id for record in walked(database) if record.phase == "intent"}
    assert set(acknowledged()) <= intents

    _goes_on(database, intents)


def _goes_on(database: Database, intents: set[str]) -> None:
    """After a restart: new records join the chain, and what was cut off is recorded as unknown."""
    later = datetime.now(UTC) + settling.GIVE_UP_AFTER + timedelta(seconds=1)
    with closing(Recorder(database, lambda: later, CollectorRegistry())) as again:
        again.note(Entry(SYSTEM, "user:read"))
    settling.settle(database, "", later)
    assert audit.verify(database).broken is None
    ends = [record.of for record in walked(database) if record.phase == "outcome"]
    assert len(ends) == len(set(ends))
    assert set(ends) == intents


def test_while_postgresql_hangs_nothing_happens_and_it_is_said_soon(tmp_path: Path) -> None:
    ran: list[str] = []
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(on_postgres()).migrated(tmp_path))
        database = stack.enter_context(closing(Database(url)))
        recorder = Recorder(database, lambda: datetime.now(UTC), CollectorRegistry())
        stack.enter_context(closing(recorder))
        recorder.note(Entry(SYSTEM, "user:read"))
        servers = _servers_of(url)
        begun = time.monotonic()
        try:
            _signal(servers, signal.SIGSTOP)
            with pytest.raises(AuditUnavailable), recorder.acting(Entry(SYSTEM, "user:create")):
                ran.append("body")
        finally:
            _signal(servers, signal.SIGCONT)
        assert time.monotonic() - begun < PATIENCE_SECONDS + 2
        wait_for(lambda: recorder.note(Entry(SYSTEM, "user:read")), 30, "the audit to go on")
        assert ran == []
        rest = [record for record in walked(database) if record.action == "user:create"]
        left = [(record.phase, record.outcome) for record in rest]
        assert left in ([], [("intent", ""), ("outcome", "failed")])
        assert audit.verify(database).broken is None


def _servers_of(url: str) -> list[int]:
    """The processes that serve our connections, but for this question's own."""
    with psycopg.connect(url) as connection:
        others = "SELECT pid FROM pg_stat_activity WHERE usename = 'hyperion'"
        found = connection.execute(f"{others} AND pid <> pg_backend_pid()").fetchall()
    assert found
    return [pid for (pid,) in found]


def _signal(processes: list[int], which: signal.Signals) -> None:
    for process in processes:
        os.kill(process, which)
