"""One thread that writes the records of all who wait, together and durably."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from hyperion_control.domain.chain import Chain, Record
from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import records
from hyperion_control.store.database import EVERY_ORGANISATION, Database

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3
# Far more than requests have threads: who comes beyond is told at once.
MOST_WAITING = 1000


class _Waiting:
    """A draft, until it is written or given up."""

    def __init__(self, draft: Record) -> None:
        self.draft = draft
        # Held until it is written: an Event costs a third of what writing a record costs.
        self.done = threading.Lock()
        self.done.acquire()
        self.fault = ""
        self.given_up = False


class Scribe:
    """A draft is given up when it could not be written in time.

    One that still waits is withdrawn: the thread takes drafts only once the database has let it
    begin to write. One that is being written cannot be recalled, and may yet be committed: it is
    then followed by the record that `disown` makes of it, since what it announces never happened.
    Should the process die in between, or the connection break in the commit, it stays an intent
    without an outcome, which the worker closes as unknown. An outcome is never given up: what
    has happened is true however late it is written.
    """

    def __init__(
        self,
        database: Database,
        disown: Callable[[Record], Record],
        written: Callable[[Sequence[Record]], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = database
        self._disown = disown
        self._written = written
        self._patience = patience
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._chain: Chain | None = None

    def write(self, draft: Record) -> str:
        """Nothing once the record is durable, else a sentence that says why it is not."""
        waiting = _Waiting(draft)
        if not self._put(waiting):
            return "too many wait to be recorded"
        if not waiting.done.acquire(timeout=self._patience):
            self._give_up(waiting)
        return waiting.fault

    def close(self) -> None:
        """What waits is still written."""
        with self._changed:
            thread, self._thread, self._closing = self._thread, None, True
            self._changed.notify()
        if thread:
            thread.join()
        self._closing = False

    def _put(self, waiting: _Waiting) -> bool:
        with self._changed:
            if len(self._queue) >= MOST_WAITING:
                return False
            self._queue.append(waiting)
            # Here and not at the start: a thread does not survive a fork.
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def _give_up(self, waiting: _Waiting) -> None:
        with self._changed:
            if not waiting.done.locked():
                return
            waiting.fault = f"the database has not taken it for {self._patience:g} s"
            if waiting.draft.phase == "outcome":
                return
            if waiting in self._queue:
                self._queue.remove(waiting)
            else:
                waiting.given_up = True

    def _run(self) -> None:
        while self._anyone():
            self._write_all()

    def _anyone(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return bool(self._queue)

    def _write_all(self) -> None:
        batch: list[_Waiting] = []
        try:
            with self._database.writing(EVERY_ORGANISATION, alone=records.ALONE) as connection:
                batch = self._take()
                drafts = [waiting.draft for waiting in batch]
                self._chain, added = records.append(connection, drafts, self._chain)
        except Exception as unwritten:
            # Whatever it is: nothing was written, and who comes next must find this thread alive.
            self._release(batch or self._take(), self._say(unwritten))
            return
        # These and no others: who came since, even while nobody was left to write for, waits.
        self._release(batch)
        self._written(added)

    def _take(self) -> list[_Waiting]:
        with self._changed:
            batch = list(self._queue)
            self._queue.clear()
            return batch

    def _say(self, unwritten: Exception) -> str:
        if isinstance(unwritten, DatabaseUnavailable):
            log.error("cannot write to the audit: %s", unwritten)
            return str(unwritten)
        log.error("cannot write to the audit", exc_info=unwritten)
        return "the log of the control API says why"

    def _release(self, batch: Sequence[_Waiting], fault: str = "") -> None:
        with self._changed:
            for waiting in batch:
                waiting.fault = waiting.fault or fault
                waiting.done.release()
                if waiting.given_up and not fault:
                    self._queue.append(_Waiting(self._disown(waiting.draft)))
