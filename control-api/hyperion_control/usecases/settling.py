"""Actions of which nobody recorded the end: their process died, and what became of them is open."""

from datetime import datetime, timedelta

from hyperion_control.store import records
from hyperion_control.store.database import EVERY_ORGANISATION, Database
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import moment, outcome_of

# Longer than any request takes.
GIVE_UP_AFTER = timedelta(minutes=15)
# How far back the frequent look goes; the seldom one, which is also the first of a worker that
# comes back after days, asks of every intent there is.
RECENT = timedelta(hours=2)
MOST_AT_ONCE = 500


def settle_recent(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    now = parts.clock()
    settle(parts.database, moment(now - RECENT), now)


def settle_all(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    settle(parts.database, "", parts.clock())


def settle(database: Database, since: str, now: datetime, most: int = MOST_AT_ONCE) -> None:
    while _settle_some(database, since, now, most):
        pass


def _settle_some(database: Database, since: str, now: datetime, most: int) -> bool:
    # Looked for beforehand, because nobody can record anything while the audit is held.
    with database.reading(EVERY_ORGANISATION) as connection:
        found = records.open_intents(connection, since, moment(now - GIVE_UP_AFTER), most)
    if not found:
        return False
    with database.writing(EVERY_ORGANISATION, alone=records.ALONE) as connection:
        ended = records.ended(connection, [intent.id for intent in found])
        lost = [intent for intent in found if intent.id not in ended]
        records.append(connection, [outcome_of(intent, now, "unknown") for intent in lost])
    return True
