"""The whole database in one file and back, while requests go on."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hyperion_control.domain.actors import SYSTEM
from hyperion_control.errors import StartRefused
from hyperion_control.store import migrate
from hyperion_control.store.database import Database
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

ELSEWHERE = (
    "a PostgreSQL database is saved and brought back with its own programs:"
    " PGOPTIONS='-c hyperion.organisation=*' pg_dump --enable-row-security --format=custom,"
    " and pg_restore"
)


def save(parts: Parts, file: Path) -> int:
    """As it was at one moment; returns the size. The file comes to be only when it is whole."""
    source = _file(parts.database)
    if file.exists():
        raise StartRefused(f"{file} is there already: name a file that is not")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    with parts.audit.acting(Entry(SYSTEM, "database:backup")):
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(source, unfinished)
            os.link(unfinished, file)
        finally:
            unfinished.unlink()
    return file.stat().st_size


def restore(parts: Parts, file: Path, *, force: bool) -> None:
    """In one transaction: who reads or writes meanwhile sees all of it or nothing."""
    target = _file(parts.database)
    if target.exists() and not force:
        raise StartRefused(f"there is a database at {target}: --force replaces all that is in it")
    _refuse_foreign(file)
    _copy(file, target)
    parts.audit.note(Entry(SYSTEM, "database:restore"))


def _refuse_foreign(file: Path) -> None:
    """Anything but a whole backup that this version can work with."""
    with closing(Database(f"sqlite:///{file}")) as saved:
        migrate.refuse_unless_current(saved)
        saved.refuse_damaged()


def _file(database: Database) -> Path:
    if database.file is None:
        raise StartRefused(ELSEWHERE)
    return database.file


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(target)) as to:
            from_.backup(to)
    except sqlite3.Error as fault:
        raise StartRefused(f"cannot copy {source} to {target}: {fault}") from None
