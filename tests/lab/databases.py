"""A database of its own for each test, on SQLite and on PostgreSQL, copied from one made before."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from control_api.people import move_in
from hyperion_control.store import migrate
from hyperion_control.store.database import Database
from hyperion_control.store.sealing import Sealer
from lab.postgres import postgres

# For tests of what only one of the two has.
ON_SQLITE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("databases", ["postgres"], indirect=True)

MEMORY = Path("/dev/shm")
MASTER_KEY = bytes(range(32))
# When people moved in, and when the clock of a test begins.
BEGINNING = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def fill(url: str) -> None:
    """What `hyperion-control init` makes."""
    with _opened(url) as (database, sealer):
        migrate.migrate(database)
        sealer.prepare()


def move_into(url: str) -> None:
    with _opened(url) as (database, sealer):
        move_in(database, sealer, BEGINNING)


@contextmanager
def _opened(url: str) -> Iterator[tuple[Database, Sealer]]:
    with closing(Database(url)) as database:
        yield database, Sealer(database, lambda: BEGINNING, MASTER_KEY)


class OnSqlite:
    def __init__(self, folder: Path) -> None:
        self._templates = tuple(folder / f"{name}.sqlite" for name in ("migrated", "inhabited"))
        migrated, inhabited = self._templates
        fill(f"sqlite:///{migrated}")
        shutil.copyfile(migrated, inhabited)
        move_into(f"sqlite:///{inhabited}")

    @contextmanager
    def migrated(self, folder: Path, *, inhabited: bool = False) -> Iterator[str]:
        file = folder / "control.sqlite"
        shutil.copyfile(self._templates[inhabited], file)
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
        self._copy("template1", "template_migrated")
        fill(self._url("template_migrated"))
        self._copy("template_migrated", "template_inhabited")
        move_into(self._url("template_inhabited"))

    @contextmanager
    def migrated(self, _folder: Path, *, inhabited: bool = False) -> Iterator[str]:
        with self._database("template_inhabited" if inhabited else "template_migrated") as url:
            yield url

    @contextmanager
    def empty(self, _folder: Path) -> Iterator[str]:
        with self._database("template1") as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._copy(template, name)
        yield self._url(name)
        self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _copy(self, template: str, name: str) -> None:
        self._do("CREATE DATABASE {} OWNER hyperion TEMPLATE {} STRATEGY FILE_COPY", name, template)

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
