"""Whether anything was written since."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from hyperion_control.store.changes import Changes
from hyperion_control.store.database import Database


def test_a_commit_of_anybody_counts_and_reading_does_not(tmp_path: Path) -> None:
    file = tmp_path / "what? control.sqlite"
    with closing(Database(f"sqlite:///{file}")) as database, closing(Changes(file)) as changes:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE notes (text TEXT)"))
        before = changes.count()
        with database.reading() as connection:
            connection.execute(text("SELECT * FROM notes"))
        assert changes.count() == before is not None
        with database.writing() as connection:
            connection.execute(text("INSERT INTO notes VALUES ('x')"))
            assert changes.count() == before
        assert changes.count() not in (before, None)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "control.sqlite"
    with closing(Changes(file)) as changes:
        assert changes.count() is None
    assert not file.exists()


def test_postgresql_counts_nothing() -> None:
    assert Changes(None).count() is None
