"""The table of records: what was asked, decided and done, each chained to the one before."""

import itertools
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    Text,
    delete,
    select,
    text,
)

from hyperion_control.domain.chain import Chain, Record
from hyperion_control.store import segments
from hyperion_control.store.tables import catalogue

records = Table(
    "records",
    catalogue,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # without gaps
    # Not unique: SQLite's INSERT OR REPLACE would delete an older record of that name, unasked.
    Column("id", String(40), nullable=False, index=True),
    Column("at", String(27), nullable=False, index=True),
    # No foreign keys: the record of a thing outlives it.
    Column("organisation_id", String(40)),
    Column("phase", String(10), nullable=False),
    Column("of", String(40), nullable=False, index=True),
    Column("actor_id", String(40), nullable=False),
    Column("via", String(40), nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("target", String(500), nullable=False),
    Column("session_id", String(40), nullable=False),
    Column("request_id", String(64), nullable=False, index=True),
    Column("decision", String(10), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("detail", Text, nullable=False),
    Column("organisation_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_records_organisation_id", "organisation_id", "seq"),
    Index("ix_records_actor_id", "actor_id", "seq"),
    Index("ix_records_target", "target", "seq"),
    Index("ix_records_session_id", "session_id", "seq"),
)

# What `Database.writing` calls the work that only one process does at a time.
ALONE = "audit"


def append(
    connection: Connection, drafts: Sequence[Record], known: Chain | None = None
) -> tuple[Chain, list[Record]]:
    """For who writes ALONE. `known` spares questions where it is still the head."""
    if connection.dialect.name == "postgresql":
        # Whatever the server is told for other transactions: these must survive its crash.
        connection.execute(text("SET LOCAL synchronous_commit = on"))
    chain = head(connection)
    if known and (known.seq, known.hash) == (chain.seq, chain.hash):
        chain = known
    for whose in {draft.organisation_id for draft in drafts} - chain.organisations.keys():
        chain.organisations[whose] = _organisation_head(connection, whose)
    added = [chain.add(draft) for draft in drafts]
    if added:
        _insert(connection, added)
    return chain, added


def head(connection: Connection) -> Chain:
    """Where the chain stands, without its organisations."""
    newest = select(records.c.seq, records.c.hash).order_by(records.c.seq.desc()).limit(1)
    found = connection.execute(newest).first()
    return Chain(found.seq, found.hash) if found else segments.chain(connection)


def _organisation_head(connection: Connection, whose: str | None) -> str:
    newest = (
        select(records.c.organisation_hash)
        .where(records.c.organisation_id.is_not_distinct_from(whose))
        .order_by(records.c.seq.desc())
        .limit(1)
    )
    found: str | None = connection.execute(newest).scalar()
    return found or segments.chain(connection).organisations.get(whose, "")


def _insert(connection: Connection, added: Sequence[Record]) -> None:
    # One statement for all: executemany hands the interpreter to other threads at each row.
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    row = f"({', '.join([mark] * len(Record._fields))})"
    values = ", ".join([row] * len(added))
    columns = ", ".join(f'"{name}"' for name in Record._fields)
    statement = f"INSERT INTO records ({columns}) VALUES {values}"  # noqa: S608
    connection.exec_driver_sql(statement, tuple(itertools.chain.from_iterable(added)))


def walk(connection: Connection, most: int | None = None) -> Generator[Record, None, None]:
    """In their order, without holding them in memory."""
    query = select(records).order_by(records.c.seq).limit(most)
    options = {"yield_per": 1000}
    with _any_text(connection), connection.execute(query, execution_options=options) as rows:
        yield from map(Record._make, rows)


def open_intents(connection: Connection, since: str, until: str, most: int) -> list[Record]:
    """Intents of that time of which no outcome is recorded."""
    ends = records.alias("ends")
    ended = select(ends.c.seq).where(ends.c.of == records.c.id).exists()
    query = (
        select(records)
        .where(records.c.phase == "intent", records.c.at >= since, records.c.at < until, ~ended)
        .order_by(records.c.seq)
        .limit(most)
    )
    return [Record._make(row) for row in connection.execute(query)]


def ended(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the intents that have an outcome."""
    return set(connection.execute(select(records.c.of).where(records.c.of.in_(ids))).scalars())


def forget(connection: Connection, until: int) -> None:
    """The database refuses this for what no segment holds."""
    connection.execute(delete(records).where(records.c.seq <= until))


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """Bytes that are no text any more must read as changed, not fail."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str
