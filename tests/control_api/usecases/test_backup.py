"""A backup: whole, of one moment, and back again while others read and write."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from hyperion_control.errors import Refused, StartRefused
from hyperion_control.store import organisations, users
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.users import User
from hyperion_control.usecases import backup
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE  # PostgreSQL has programs of its own for this


def add(parts: Parts, name: str) -> None:
    with parts.database.writing("*") as connection:
        users.add(connection, User(0, f"usr_{name}", name, parts.clock()))
        organisations.add(connection, Organisation(f"org_{name}", name, parts.clock()))


def names(file: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(file)) as saved:
        return sorted(row[0] for row in saved.execute(query))


def restore(parts: Parts, file: Path, force: bool = True) -> None:
    backup.restore(parts, file, force=force)


def test_what_was_saved_comes_back(parts: Parts, tmp_path: Path) -> None:
    add(parts, "ada")
    backup.save(parts, tmp_path / "saved")
    add(parts, "eve")
    restore(parts, tmp_path / "saved")
    with parts.database.reading("*") as connection:
        assert users.named(connection, "ada")
        assert not users.named(connection, "eve")
    add(parts, "bob")


def test_a_backup_is_for_its_owner_only(parts: Parts, tmp_path: Path) -> None:
    backup.save(parts, tmp_path / "saved")
    assert stat.S_IMODE((tmp_path / "saved").stat().st_mode) == 0o600


def test_a_backup_made_while_others_write_is_of_one_moment(parts: Parts, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        # Who never lets go of SQLite would keep everybody else away from it.
        while not stop.wait(0.002):
            add(parts, f"user{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        backup.save(parts, tmp_path / f"saved{number}")
    stop.set()
    writer.join()
    for number in range(5):
        saved = tmp_path / f"saved{number}"
        people = names(saved, "SELECT username FROM users")
        assert people == names(saved, "SELECT name FROM organisations")


def test_a_backup_comes_back_where_there_is_no_database(
    parts: Parts, empty_parts: Parts, tmp_path: Path
) -> None:
    add(parts, "ada")
    backup.save(parts, tmp_path / "saved")
    restore(empty_parts, tmp_path / "saved", force=False)
    with empty_parts.database.reading("*") as connection:
        assert users.named(connection, "ada")


def test_a_file_that_is_there_is_never_overwritten(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(StartRefused, match="is there already"):
        backup.save(parts, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_database_that_is_there_is_only_replaced_by_force(parts: Parts, tmp_path: Path) -> None:
    backup.save(parts, tmp_path / "saved")
    add(parts, "ada")
    with pytest.raises(StartRefused, match="--force replaces"):
        restore(parts, tmp_path / "saved", force=False)
    with parts.database.reading("*") as connection:
        assert users.named(connection, "ada")


@pytest.mark.parametrize("content", [b"", b"no database", os.urandom(8192)])
def test_a_file_that_is_no_backup_changes_nothing(
    parts: Parts, tmp_path: Path, content: bytes
) -> None:
    add(parts, "ada")
    (tmp_path / "odd").write_bytes(content)
    with pytest.raises(Refused):
        restore(parts, tmp_path / "odd")
    with parts.database.reading("*") as connection:
        assert users.named(connection, "ada")


def test_a_damaged_backup_changes_nothing(parts: Parts, tmp_path: Path) -> None:
    add(parts, "ada")
    backup.save(parts, tmp_path / "saved")
    damaged = bytearray((tmp_path / "saved").read_bytes())
    damaged[-4096:] = os.urandom(4096)  # far from the first pages, which are read at once
    (tmp_path / "saved").write_bytes(damaged)
    with pytest.raises(Refused, match="damaged"):
        restore(parts, tmp_path / "saved")
    parts.database.refuse_damaged()
    with parts.database.reading("*") as connection:
        assert users.named(connection, "ada")


def test_a_folder_that_is_not_there_is_said_and_nothing_is_left(
    parts: Parts, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        backup.save(parts, tmp_path / "none" / "saved")
    with pytest.raises(Refused, match="there is no database at"):
        restore(parts, tmp_path / "none")
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
