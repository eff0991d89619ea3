"""Migrations: from nothing to what the code needs, whole or not at all."""

import importlib
import pkgutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from hyperion_control import store
from hyperion_control.errors import DatabaseUnavailable, StartRefused
from hyperion_control.store import migrate, workers
from hyperion_control.store.database import Database
from hyperion_control.store.tables import catalogue
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE


def complaint(database: Database) -> str:
    with database.reading() as connection:
        return migrate.complaint(connection)


def test_an_empty_database_gets_what_the_code_needs(empty_parts: Parts) -> None:
    database = empty_parts.database
    assert complaint(database) == "the database is still empty: run hyperion-control init"
    migrate.migrate(database)
    assert complaint(database) == ""
    migrate.refuse_unless_current(database)


def test_the_migrations_make_the_tables_that_the_code_describes(parts: Parts) -> None:
    for module in pkgutil.iter_modules(store.__path__):
        if not module.ispkg:
            importlib.import_module(f"{store.__name__}.{module.name}")
    with parts.database.reading() as connection:
        made = inspect(connection)
        names = set(made.get_table_names()) - {"alembic_version"}
        assert names == set(catalogue.tables)
        for name, table in catalogue.tables.items():
            columns = {column["name"]: column["nullable"] for column in made.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}
            indexed = {
                tuple(index["column_names"])
                for index in made.get_indexes(name)
                if "duplicates_constraint" not in index  # PostgreSQL's own, for what is unique
            }
            assert indexed == {tuple(c.name for c in index.columns) for index in table.indexes}


def test_a_second_time_keeps_the_data(parts: Parts) -> None:
    with parts.database.writing() as connection:
        workers.mark(connection, workers.Worker("wrk_1", "a", parts.clock()), parts.clock())
    migrate.migrate(parts.database)
    with parts.database.reading() as connection:
        assert workers.last_seen(connection) == parts.clock()


def test_two_at_once_wait_for_each_other(empty_parts: Parts) -> None:
    failures: list[Exception] = []

    def run() -> None:
        database = Database(empty_parts.settings.database_url)
        try:
            migrate.migrate(database)
        except Exception as failure:
            failures.append(failure)
        database.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert complaint(empty_parts.database) == ""


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as crew:
        for turn in range(40):
            start = threading.Barrier(8)
            tries = [crew.submit(_open, tmp_path / f"{turn}.db", start) for _ in range(8)]
            assert [each.exception() for each in tries] == [None] * 8


def _open(file: Path, start: threading.Barrier) -> None:
    database = Database(f"sqlite:///{file}")
    start.wait()
    try:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS things (name TEXT)"))
    finally:
        database.close()


def test_a_newer_database_is_left_alone(parts: Parts) -> None:
    with parts.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartRefused, match="made by a newer version of Hyperion"):
        migrate.migrate(parts.database)
    with pytest.raises(StartRefused, match="made by a newer version of Hyperion"):
        migrate.refuse_unless_current(parts.database)


@ON_SQLITE
def test_a_database_that_was_never_made_is_not_made_by_looking(empty_parts: Parts) -> None:
    with pytest.raises(StartRefused, match="there is no database at .*: run hyperion-control init"):
        migrate.refuse_unless_current(empty_parts.database)
    assert empty_parts.database.file is not None
    assert not empty_parts.database.file.exists()


def test_a_migration_that_cannot_finish_leaves_nothing(empty_parts: Parts) -> None:
    with empty_parts.database.writing() as connection:
        connection.execute(text("CREATE TABLE other (x INT)"))
        connection.execute(text("CREATE INDEX ix_workers_seen_at ON other (x)"))
    with pytest.raises(Exception, match="already exists") as failure:
        migrate.migrate(empty_parts.database)
    assert not isinstance(failure.value, DatabaseUnavailable)
    with empty_parts.database.reading() as connection:
        assert inspect(connection).get_table_names() == ["other"]
