"""The database: how it is opened, and its faults as sentences."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from hyperion_control.errors import DatabaseUnavailable, StartRefused
from hyperion_control.store.database import Database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "control.sqlite"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{file}")
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
    yield database
    database.close()


def notes(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())


def add(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('x')"))


def test_what_is_written_is_durable_and_readers_go_on_beside_it(database: Database) -> None:
    with database.reading() as connection:
        pragmas = [
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 5000]
    with database.writing() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        assert notes(database) == 0
    assert notes(database) == 1


def test_who_is_still_at_it_when_it_is_closed_finishes_and_leaves_nothing_open(
    database: Database,
) -> None:
    with database.writing() as connection:
        database.close()
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        under = connection.connection.dbapi_connection
    assert isinstance(under, sqlite3.Connection)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        under.execute("SELECT 1")
    assert notes(database) == 1


def test_what_is_told_anew_soon_waits_for_no_disk(database: Database) -> None:
    levels = []
    for durable in (False, True):
        with database.writing(durable=durable) as connection:
            levels.append(connection.execute(text("PRAGMA synchronous")).scalar_one())
    assert levels == [1, 2]


def test_what_is_raised_inside_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(text("CREATE TABLE more (text TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        raise KeyError
    assert notes(database) == 0
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 1


def test_many_writers_at_once_all_succeed(database: Database) -> None:
    threads = [threading.Thread(target=add, args=(database,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes(database) == 16


def test_two_that_read_before_they_write_do_not_fail_each_other(database: Database) -> None:
    def double() -> None:
        with database.writing() as connection:
            connection.execute(text("SELECT count(*) FROM notes")).scalar_one()
            connection.execute(text("INSERT INTO notes VALUES ('x')"))

    threads = [threading.Thread(target=double) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes(database) == 8


def test_a_mistake_of_ours_stays_a_fault_of_ours(database: Database) -> None:
    with pytest.raises(OperationalError), database.reading() as connection:
        connection.execute(text("SELECT * FROM nothing"))


def test_a_locked_database_is_said_to_be_locked(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked by another"), database.probing():
            pass
        other.execute("ROLLBACK")
    with database.probing() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() == 5000


def test_a_full_disk_is_said_to_be_full(database: Database) -> None:
    full = pytest.raises(DatabaseUnavailable, match="disk of the database is full")
    with full, database.writing() as connection:
        # What SQLite itself answers when its file may not grow.
        connection.execute(text("PRAGMA max_page_count = 1"))
        connection.execute(text("INSERT INTO notes VALUES (zeroblob(1000000))"))


def test_a_damaged_file_is_said_to_be_none(file: Path) -> None:
    file.write_bytes(os.urandom(8192))
    database = Database(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnavailable, match="is not a database"), database.reading():
        pass
    database.close()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none/control.sqlite")
    with pytest.raises(DatabaseUnavailable, match="cannot be opened"), database.reading():
        pass
    database.close()


def test_an_address_that_cannot_be_understood_keeps_its_password_to_itself() -> None:
    with pytest.raises(StartRefused, match="HYPERION_DATABASE_URL cannot be understood") as refusal:
        Database("postgresql://ada:hunter2@machine:port/hyperion")
    assert "hunter2" not in str(refusal.value)
