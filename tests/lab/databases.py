"""A database of its own for each test, on SQLite and on PostgreSQL, copied from a migrated one."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from hyperion_control.store import migrate
from hyperion_control.store.database import Database
from hyperion_control.store.sealing import Sealer
from lab.postgres import postgres

# For tests of what only one of the two has.
ON_SQLITE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("databases", ["postgres"], indirect=True)

MEMORY = Path("/dev/shm")
MASTER_KEY = bytes(range(32))


def fill(url: str) -> None:
    """What `hyperion-control init` makes."""
    database = Database(url)
    migrate.migrate(database)
    Sealer(database, lambda: datetime.now(UTC), MASTER_KEY).prepare()
    database.close()


class OnSqlite:
    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.sqlite"
        fill(f"sqlite:///{self._template}")

    @contextmanager
    def migrated(self, folder: Path) -> Iterator[str]:
        file = folder / "control.sqlite"
        shutil.copyfile(self._template, file)
        yield f"sqlite:///{file}"

    @contextmanager
    def empty(self, folder: Path) -> Iterator[str]:
        yield f"sqlite:///{folder / 'empty.sqlite'}"


class OnPostgres:
    """The role of the tests is what the API's should be: no superuser, so that policies hold."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = itertools.count()
        self._do("CREATE ROLE hyperion LOGIN")
        self._do("CREATE DATABASE template_migrated OWNER hyperion")
        fill(self._url("template_migrated"))

    @contextmanager
    def migrated(self, _folder: Path) -> Iterator[str]:
        with self._database("template_migrated") as url:
            yield url

    @contextmanager
    def empty(self, _folder: Path) -> Iterator[str]:
        with self._database("template1") as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._do("CREATE DATABASE {} OWNER hyperion TEMPLATE {} STRATEGY FILE_COPY", name, template)
        yield self._url(name)
        self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _url(self, name: str) -> str:
        return self._server.replace("postgres@", "hyperion@").removesuffix("postgres") + name

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def on_postgres() -> Iterator[OnPostgres]:
    # In memory where there is some: each copy of the template is 300 files.
    with postgres(parent=MEMORY if os.access(MEMORY, os.W_OK) else None) as server:
        yield OnPostgres(server)
