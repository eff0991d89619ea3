"""The database: SQLite or PostgreSQL, opened once, its faults turned into sentences."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import ConnectionPoolEntry

from hyperion_control.errors import DatabaseUnavailable, StartRefused

# How long a writer waits for another one before it gives up.
BUSY_SECONDS = 5
# The same for the question of the load balancer, who asks again in a moment.
PROBE_BUSY_SECONDS = 1
SWITCH_SECONDS = 0.01
# Connections to PostgreSQL, which has a hundred for all of us. They are kept: one that is opened
# anew costs as much as ten questions.
KEPT = 14
KEPT_FOR_GLANCES = 8

# For whom row policies hold nothing back (migration 0004): logins, the worker, the commands.
EVERY_ORGANISATION = "*"
SQLITE = "sqlite:///"

# Until the end of the transaction: the next one on this connection starts with nothing.
CONFINE = text("SELECT set_config('hyperion.organisation', :organisation, true)")
CONFINE_HASTY = text(f"{CONFINE}, set_config('synchronous_commit', 'off', true)")

SENTENCES = {
    "SQLITE_BUSY": "the database is locked by another program",
    "SQLITE_LOCKED": "the database is locked by another program",
    "SQLITE_FULL": "the disk of the database is full",
    "SQLITE_READONLY": "the database can only be read: make its folder and file writable",
    "SQLITE_CANTOPEN": "the database file cannot be opened: look at its folder's owner and rights",
    "SQLITE_CORRUPT": "the database file is damaged: restore a backup",
    "SQLITE_NOTADB": "the database file is not a database: look at HYPERION_DATABASE_URL",
    "SQLITE_IOERR": "the disk of the database fails or is full",
}


class Database:
    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._write_engine = self._engine.execution_options(write=True)
        self._hasty_engine = self._engine.execution_options(write=True, hasty=True)
        self._glance_engine = self._engine if self.file else _glances(url)

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps it."""
        url = self._engine.url
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    def __str__(self) -> str:
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self, organisation: str | None = None) -> Iterator[Connection]:
        """On PostgreSQL only that organisation's rows exist; "*" is all, None is no one's."""
        with _sentences(), self._engine.connect() as connection:
            _confine(connection, organisation)
            yield connection

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """Like reading("*"), for the single questions that are asked all day.

        On PostgreSQL nothing is begun for one: it goes there and back once, and not four times.
        """
        with _sentences(), self._glance_engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(
        self, organisation: str | None = None, *, alone: str = "", durable: bool = True
    ) -> Iterator[Connection]:
        """Committed at the end, undone when something is raised.

        `alone` names a work that no two may do at once; SQLite has one writer anyway. What is not
        `durable` waits for no disk: the last of it is gone when the power goes, and soon told anew.
        """
        engine = self._write_engine if durable else self._hasty_engine
        with _sentences(), engine.begin() as connection:
            _confine(connection, organisation, durable)
            if alone and not self.file:
                lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
                connection.execute(lock, {"name": f"hyperion {alone}"})
            yield connection

    @contextmanager
    def probing(self) -> Iterator[Connection]:
        """Like writing, for someone who only wants to know whether it would work, and soon."""
        if self.file and not self.file.exists():
            # An open connection would go on writing into the deleted file.
            raise DatabaseUnavailable("the database file is gone: restore a backup")
        with _sentences(), self._write_engine.connect() as connection:
            with _patience(connection):
                connection.begin()
            _confine(connection, EVERY_ORGANISATION)
            yield connection

    def unconfined(self, connection: Connection) -> bool:
        """Whether row policies hold nothing back, because of the role that we sign in as."""
        if self.file:
            return False
        role = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(connection.execute(role).scalar_one())

    def refuse_damaged(self) -> None:
        """Reads all of a SQLite file."""
        with self.reading() as connection:
            found = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
        if found != "ok":
            raise DatabaseUnavailable(SENTENCES["SQLITE_CORRUPT"])

    def close(self) -> None:
        """Whoever is still at it finishes, and the connection goes then."""
        for engine in (self._engine, self._glance_engine):
            event.listen(engine, "checkin", _hang_up)
            engine.dispose()


def _hang_up(_connection: object, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _glances(url: str) -> Engine:
    """Connections that are told once whose rows they see, and are used for nothing else."""
    place = _url(url)
    options = f"{place.query.get('options', '')} -c hyperion.organisation={EVERY_ORGANISATION}"
    return create_engine(
        place,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": options.strip()},
        pool_size=KEPT_FOR_GLANCES,
        max_overflow=0,
    )


def _confine(connection: Connection, organisation: str | None, durable: bool = True) -> None:
    if organisation is not None and connection.dialect.name == "postgresql":
        connection.execute(CONFINE if durable else CONFINE_HASTY, {"organisation": organisation})


def _url(url: str) -> URL:
    """All of SQLite's is the name of the file, also a question mark."""
    if url.startswith(SQLITE):
        return URL.create("sqlite", database=url.removeprefix(SQLITE))
    return make_url(re.sub(r"^postgresql:", "postgresql+psycopg:", url))


def _kept(url: str) -> dict[str, int]:
    return {} if url.startswith(SQLITE) else {"pool_size": KEPT, "max_overflow": 0}


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(_url(url), **_kept(url))
    except ModuleNotFoundError as missing:
        raise StartRefused(
            f"HYPERION_DATABASE_URL names a database whose driver {missing.name} is not installed:"
            f" pip install {missing.name}"
        ) from None
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StartRefused("HYPERION_DATABASE_URL cannot be understood: look at its form") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What was erased must not stay readable in the file; not every build does this by itself.
    connection.execute("PRAGMA secure_delete = ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The switch, once in a file's life, fails at once beside another one, whatever the timeout."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > give_up:
                raise
        time.sleep(SWITCH_SECONDS)


def _begin_sqlite(connection: Connection) -> None:
    # The driver's own BEGIN comes with the first write, and a writer that began as a reader fails
    # at once when another one wrote meanwhile.
    options = connection.get_execution_options()
    if options.get("write"):
        level = "NORMAL" if options.get("hasty") else "FULL"
        connection.connection.cursor().execute(f"PRAGMA synchronous = {level}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # Of the driver itself, in a tenth of the time: it touches no file and cannot fail.
        connection.connection.cursor().execute("BEGIN")


@contextmanager
def _patience(connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.execute(f"PRAGMA busy_timeout = {PROBE_BUSY_SECONDS * 1000}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolExhausted) as fault:
        sentence = _sentence(fault)
        if not sentence:
            raise
        raise DatabaseUnavailable(sentence) from fault


def _sentence(fault: DBAPIError | PoolExhausted) -> str:
    """Nothing when the fault is ours, such as a statement that is wrong."""
    if isinstance(fault, PoolExhausted):
        return "all connections to the database are busy"
    name = getattr(fault.orig, "sqlite_errorname", None)
    if name is None:
        away = isinstance(fault, OperationalError) or fault.connection_invalidated
        return "the database does not answer" if away else ""
    # The names may carry a suffix: SQLITE_READONLY_DIRECTORY, SQLITE_BUSY_SNAPSHOT.
    return next((text for known, text in SENTENCES.items() if name.startswith(known)), "")
