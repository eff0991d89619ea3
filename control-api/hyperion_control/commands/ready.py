"""The parts of a system that init has made, or a sentence that says what is missing."""

from contextlib import closing

from hyperion_control.settings import Settings
from hyperion_control.store import migrate
from hyperion_control.store.database import Database
from hyperion_control.usecases.parts import Parts


def ready_parts(settings: Settings) -> Parts:
    """Refuses in a sentence what would otherwise fail at the first request."""
    database = Database(settings.database_url)
    with closing(database):
        migrate.refuse_unless_current(database)
    parts = Parts.build(settings)
    parts.sealer.refresh()
    return parts
