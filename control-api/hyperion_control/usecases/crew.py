"""The tasks that this worker runs: each in a thread of its own, from its claim to its last word."""

import logging
import threading
from dataclasses import replace

from hyperion_control.domain.commands import TaskState
from hyperion_control.errors import Refused
from hyperion_control.runners.pool import Pool
from hyperion_control.store import tasks
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.tasks import Result
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import carrying, dispatch, issuing
from hyperion_control.usecases.carrying import Errand
from hyperion_control.usecases.dispatch import LEASE, Room
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.writer import Writer

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # should a ring be lost
RENEW_EVERY = LEASE / 3
# Told to stop, we let what runs end by itself for so long; then its machines end it.
FINISH_SECONDS = 2.0
END_SECONDS = 7.0
STOP_SECONDS = FINISH_SECONDS + END_SECONDS + 5
STOPPED = "the worker was stopped"
FAULT = "the worker failed in the middle: see its log"


class Crew:
    def __init__(self, parts: Parts, worker: Worker, pool: Pool) -> None:
        self._parts = parts
        self._worker = worker
        self._pool = pool
        self._writer = Writer(parts)
        self._errands: dict[str, Errand] = {}  # by task
        self._left = threading.Condition()
        self._rung = threading.Event()
        self._stopping = False
        self._renewed = parts.clock()
        self._fault = ""

    def run(self) -> None:
        """Until it is stopped and all that ran has ended."""
        leave = self._parts.bell.subscribe(self._heard)
        while not self._stopping:
            self._step_safely()
            self._rung.wait(LOOK_SECONDS)
            self._rung.clear()
        leave()
        self._wind_up()

    def stop(self) -> None:
        self._stopping = True
        self._rung.set()

    def step(self) -> None:
        self._cancel()
        self._renew()
        for errand in dispatch.claim(self._parts, self._worker, Room(self._errands)):
            self._errands[errand.task.id] = errand
            threading.Thread(target=self._run, args=(errand,), daemon=True).start()

    def _cancel(self) -> None:
        with self._parts.database.reading(EVERY_ORGANISATION) as connection:
            wanted = tasks.canceling(connection, self._worker.id)
        for task_id in wanted:
            if errand := self._errands.get(task_id):
                errand.cancel.set()

    def _renew(self) -> None:
        now = self._parts.clock()
        if now - self._renewed >= RENEW_EVERY:
            with self._parts.database.writing(EVERY_ORGANISATION) as connection:
                tasks.renew(connection, self._worker.id, now + LEASE)
            self._renewed = now

    def _run(self, errand: Errand) -> None:
        kept = errand.command.order
        transcript = self._writer.open(errand.task, kept["head"], kept["tail"])
        try:
            result = carrying.carry_out(self._parts, self._pool, errand, transcript.add)
        except Exception:
            log.exception("cannot carry out the task %s", errand.task.id)
            result = Result(TaskState.LOST, FAULT)
        if self._stopping and result.state is TaskState.CANCELED:
            result = replace(result, reason=STOPPED)
        self._writer.end(transcript, result)
        with self._left:
            del self._errands[errand.task.id]
            self._left.notify_all()
        self._parts.bell.ring(issuing.TASKS)

    def _wind_up(self) -> None:
        if not self._empty(FINISH_SECONDS):
            for errand in list(self._errands.values()):
                errand.cancel.set()
            self._empty(END_SECONDS)
        self._pool.close()
        self._writer.close()

    def _empty(self, seconds: float) -> bool:
        with self._left:
            return self._left.wait_for(lambda: not self._errands, seconds)

    def _heard(self, topic: str) -> None:
        if topic == issuing.TASKS:
            self._rung.set()

    def _step_safely(self) -> None:
        try:
            self.step()
        except Exception as fault:
            # Once for each fault: a database that is away for a night would fill the log.
            said = f"{type(fault).__name__}: {fault}"
            if said != self._fault:
                trace = None if isinstance(fault, Refused) else fault
                log.error("cannot look for tasks, trying again: %s", fault, exc_info=trace)
            self._fault = said
        else:
            self._fault = ""
