"""Whether anything was written to the database since: SQLite counts that, PostgreSQL does not."""

import sqlite3
from pathlib import Path


class Changes:
    """For one thread. It never waits, and never makes the file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None

    def count(self) -> int | None:
        """Another number as soon as anybody has committed; None where that cannot be told."""
        if self._file is None:
            return None
        try:
            self._connection = self._connection or _opened(self._file)
            found: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            self.close()
            return None
        return found

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=0, uri=True)
