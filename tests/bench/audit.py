"""What a durable record costs with 32 at once, and how long it takes to verify very many."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial

import psycopg
from prometheus_client import CollectorRegistry

from bench.table import Row
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.chain import Record
from hyperion_control.store import migrate, records
from hyperion_control.store.database import Database
from hyperion_control.usecases import audit as usecase
from hyperion_control.usecases.recorder import Entry, Recorder
from lab.postgres import postgres

CLIENTS = 32
EACH = 100
ROUNDS = 7
MANY = 100_000
PIECE = 500
PROMISED_SECONDS = 2.0
WHO = Actor(
    Origin("192.0.2.7", "req_0123456789abcdef", "curl/8.5.0"), "usr_0123456789", "org_0123456789"
)
WHAT = Entry(WHO, "user:create", "usr_abcdefghij", {"role": "operator"})

Write = Callable[[], object]


def audit() -> Iterable[Row]:
    with ExitStack() as stack:
        database = stack.enter_context(_database())
        write = stack.enter_context(_recorder(database)).note
        ours: list[Write] = [partial(write, WHAT)] * CLIENTS
        theirs = stack.enter_context(_inserts(next(_rows(database))))
        _seconds(ours), _seconds(theirs)
        pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
    peer = f"PostgreSQL 15, {CLIENTS} connections, a commit each"
    scaled = [(a / CLIENTS / EACH * 1e6, b / CLIENTS / EACH * 1e6) for a, b in pairs]
    yield Row(f"a durable record, {CLIENTS} at once", "us", peer, scaled, 1.0)
    yield Row(f"verifying {MANY:,} records", "s", "what is promised", list(_verified()), 1.0)


def _seconds(writes: list[Write]) -> float:
    def repeat(write: Write) -> None:
        for _ in range(EACH):
            write()

    threads = [threading.Thread(target=repeat, args=(write,)) for write in writes]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


@contextmanager
def _database() -> Iterator[Database]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = stack.enter_context(closing(Database(f"sqlite:///{folder}/control.sqlite")))
        migrate.migrate(database)
        yield database


@contextmanager
def _recorder(database: Database) -> Iterator[Recorder]:
    with closing(Recorder(database, lambda: datetime.now(UTC), CollectorRegistry())) as recorder:
        recorder.note(WHAT)
        yield recorder


def _rows(database: Database) -> Iterator[Record]:
    with database.reading("*") as connection:
        yield from list(records.walk(connection))


@contextmanager
def _inserts(row: Record) -> Iterator[list[Write]]:
    """Of the same row into the same table with the same indices, but without a chain."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres("15", durable=True))
        with closing(Database(url)) as database:
            migrate.migrate(database)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE plain (LIKE records INCLUDING ALL)")
            connection.execute("CREATE SEQUENCE numbers")
        marks = ", ".join(["%s"] * (len(row) - 1))
        statement = f"INSERT INTO plain VALUES (nextval('numbers'), {marks})"  # noqa: S608
        clients = [
            stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(CLIENTS)
        ]
        yield [partial(client.execute, statement, row[1:]) for client in clients]


def _verified() -> Iterator[tuple[float, float]]:
    with _database() as database:
        with _recorder(database):
            (row,) = _rows(database)
        for _ in range(MANY // PIECE):
            with database.writing("*", alone=records.ALONE) as connection:
                records.append(connection, [row] * PIECE)
        for _ in range(ROUNDS):
            yield usecase.verify(database).seconds, PROMISED_SECONDS
