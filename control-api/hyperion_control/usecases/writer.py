"""Writes what all tasks of this worker say and how they end, in one transaction for all of them."""

import logging
import threading
import time
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection

from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import commands, outputs, tasks
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases import issuing
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.transcripts import Share, Transcript

log = logging.getLogger(__name__)

# What is said is written so often, or less often where that takes long; how a task ended, at once.
PAUSE_SECONDS = 0.1
PAUSES = 9  # so many times what the writing took
MOST_SECONDS = 2.0
RETRY_SECONDS = 1.0
# For the last words, should the database be away when we are told to stop.
PATIENCE_SECONDS = 3.0


class Writer:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._open: list[Transcript] = []
        self._something = threading.Event()
        self._urgent = threading.Event()
        self._give_up_at = float("inf")
        self._away = False
        # A daemon: one that hangs in the database must not hold the exit.
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def open(self, task: Task, head: int, tail: int) -> Transcript:
        transcript = Transcript(task, head, tail, self._something.set)
        with self._lock:
            self._open.append(transcript)
        return transcript

    def end(self, transcript: Transcript, result: Result) -> None:
        """Returns when it is written, or when we are closed and it could not be."""
        transcript.end(result)
        self._urgent.set()
        self._something.set()
        transcript.written.wait()

    def close(self) -> None:
        """Writes what is left."""
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        self._urgent.set()
        self._something.set()
        self._thread.join(PATIENCE_SECONDS + RETRY_SECONDS)

    def _run(self) -> None:
        while self._give_up_at == float("inf"):
            self._something.wait()
            self._something.clear()
            self._urgent.clear()
            begun = time.monotonic()
            self._write_all()
            took = time.monotonic() - begun
            self._urgent.wait(min(max(PAUSE_SECONDS, PAUSES * took), MOST_SECONDS))
        self._write_all()

    def _write_all(self) -> None:
        with self._lock:
            shares = [share for each in self._open if (share := each.take())]
        if shares:
            self._write(shares)
            self._forget(shares)

    def _write(self, shares: Sequence[Share]) -> None:
        """Until it is written; one that cannot be must not keep the others from it."""
        try:
            while not self._put(shares):
                time.sleep(RETRY_SECONDS)
        except Exception:
            if len(shares) > 1:
                for share in shares:
                    self._write([share])
            else:
                log.exception("cannot write of the task %s", shares[0].transcript.task.id)

    def _put(self, shares: Sequence[Share]) -> bool:
        """False: later."""
        try:
            with self._parts.database.writing(EVERY_ORGANISATION) as connection:
                for command_id, of_command in groupby(sorted(shares, key=_command), _command):
                    self._put_command(connection, command_id, list(of_command))
        except DatabaseUnavailable as fault:
            if time.monotonic() > self._give_up_at:
                raise
            if not self._away:
                log.error("cannot write what tasks say, trying again: %s", fault)
            self._away = True
            return False
        if self._away:
            log.info("can write what tasks say again")
        self._away = False
        for topic in {topic for share in shares for topic in _topics(share)}:
            self._parts.bell.ring(topic)
        return True

    def _put_command(
        self, connection: Connection, command_id: str, shares: Sequence[Share]
    ) -> None:
        now = self._parts.clock()
        commands.hold(connection, command_id)
        for share in shares:
            said = share.transcript
            for piece in share.pieces:
                what = said.task, piece.stream, piece.start, piece.data
                outputs.append(connection, *what, said.head, said.tail)
            if share.result:
                tasks.end(connection, said.task.id, share.result, now)
        if any(share.result for share in shares):
            issuing.settle(connection, command_id, now)

    def _forget(self, shares: Sequence[Share]) -> None:
        ended = [share.transcript for share in shares if share.result]
        with self._lock:
            self._open = [each for each in self._open if each not in ended]
        for transcript in ended:
            transcript.written.set()


def _command(share: Share) -> str:
    return share.transcript.task.command_id


def _topics(share: Share) -> tuple[str, str]:
    return share.transcript.task.id, _command(share)
