"""Whether the control API can do its work now, asked of the database within a time limit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import migrate, records, workers
from hyperion_control.store.database import Database

PATIENCE_SECONDS = 1.5
# Six marks of a worker (worker.py) missed.
WORKER_SILENT_SECONDS = 30


ANSWERS = "the database answers and takes writes"
UNCONFINED = "; its role is a superuser, whom row policies do not hold back: use another one"


@dataclass(frozen=True)
class Facts:
    """An empty sentence is good news."""

    database: str = ""
    migrations: str = ""
    unconfined: bool = False  # row policies hold nothing back
    recorded: int = 0  # the number of the last record
    worker_seen_at: datetime | None = None


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str


class Readiness:
    """Askers share the answer that is on its way, so a hanging database holds one thread only."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self._answer: Future[Facts] | None = None

    def facts(self) -> Facts:
        answer = self._ask()
        try:
            return answer.result(self._patience)
        except TimeoutError:
            return Facts(database=f"the database has not answered for {self._patience:g} s")
        except DatabaseUnavailable as away:
            return Facts(database=str(away))

    def checks(self) -> list[Check]:
        facts = self.facts()
        if facts.database:
            unknown = "unknown while the database is away"
            others = ("migrations", "audit", "worker")
            return [
                Check("database", False, facts.database),
                *(Check(name, False, unknown) for name in others),
            ]
        return [
            Check("database", True, ANSWERS + (UNCONFINED if facts.unconfined else "")),
            Check("migrations", not facts.migrations, facts.migrations or "all are applied"),
            _audit(facts),
            self._worker(facts),
        ]

    def worker_age(self, facts: Facts) -> float:
        """Seconds since any worker was seen; infinite when none ever was."""
        if facts.worker_seen_at is None:
            return float("inf")
        return (self._clock() - facts.worker_seen_at).total_seconds()

    def _worker(self, facts: Facts) -> Check:
        age = self.worker_age(facts)
        if facts.worker_seen_at is None:
            said = "no worker was ever seen: start hyperion-control worker"
        elif age > WORKER_SILENT_SECONDS:
            said = f"no worker was seen for {age:.0f} s: start hyperion-control worker"
        else:
            said = f"a worker was seen {max(age, 0):.0f} s ago"
        return Check("worker", age <= WORKER_SILENT_SECONDS, said)

    def _ask(self) -> Future[Facts]:
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                # A daemon: one that hangs in the database must not hold the exit.
                threading.Thread(target=self._look, args=(self._answer,), daemon=True).start()
            return self._answer

    def _look(self, answer: Future[Facts]) -> None:
        try:
            with self._database.probing() as connection:
                found = self._found(connection)
            # Only now: whoever waits may close the database next.
            answer.set_result(found)
        except Exception as fault:
            # Raised again where it is awaited: this thread has nobody to tell.
            answer.set_exception(fault)

    def _found(self, connection: Connection) -> Facts:
        if wrong := migrate.complaint(connection):
            return Facts(migrations=wrong)
        return Facts(
            unconfined=self._database.unconfined(connection),
            recorded=records.head(connection).seq,
            worker_seen_at=workers.last_seen(connection),
        )


def _audit(facts: Facts) -> Check:
    if facts.migrations:
        return Check("audit", False, "it cannot be written before the migrations")
    return Check("audit", True, f"it can be written; the last record is number {facts.recorded}")
