"""The shape of the database: what it is, what this code needs, and the way there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hyperion_control.errors import StartRefused
from hyperion_control.store.database import EVERY_ORGANISATION, Database

NEWER = (
    "the database was made by a newer version of Hyperion:"
    " install that version, or restore a backup made with this one"
)


def complaint(connection: Connection) -> str:
    """One sentence when this code cannot work with the database, else nothing."""
    current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if current == scripts.get_current_head():
        return ""
    if current is None:
        return "the database is still empty: run hyperion-control init"
    if current not in {script.revision for script in scripts.walk_revisions()}:
        return NEWER
    return "the database is of an older version: run hyperion-control init"


def migrate(database: Database) -> None:
    """All of it or nothing; two at once wait for each other."""
    with database.writing(EVERY_ORGANISATION, alone="migrate") as connection:
        if complaint(connection) == NEWER:
            raise StartRefused(NEWER)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_unless_current(database: Database) -> None:
    if database.file and not database.file.exists():
        raise StartRefused(f"there is no database at {database.file}: run hyperion-control init")
    with database.reading() as connection:
        if sentence := complaint(connection):
            raise StartRefused(sentence)


def _config() -> Config:
    config = Config()
    # The percent sign is the only one that Alembic's configuration reads as its own.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    return config
