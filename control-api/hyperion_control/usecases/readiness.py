"""Whether the control API can do its work now, asked of the database within a time limit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import migrate, workers
from hyperion_control.store.database import Database

PATIENCE_SECONDS = 1.5
# Six marks of a worker (worker.py) missed.
WORKER_SILENT_SECONDS = 30


@dataclass(frozen=True)
class Facts:
    """An empty sentence is good news."""

    database: str = ""
    migrations: str = ""
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
            return [
                Check("database", False, facts.database),
                Check("migrations", False, unknown),
                Check("worker", False, unknown),
            ]
        return [
            Check("database", True, "the database answers and takes writes"),
            Check("migrations", not facts.migrations, facts.migrations or "all are applied"),
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
                wrong = migrate.complaint(connection)
                seen = None if wrong else workers.last_seen(connection)
            answer.set_result(Facts(migrations=wrong, worker_seen_at=seen))
        except Exception as fault:
            # Raised again where it is awaited: this thread has nobody to tell.
            answer.set_exception(fault)
