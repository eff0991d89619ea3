"""The resident process: does its chores, each at its own period, until told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from hyperion_control.errors import Refused
from hyperion_control.runners.pool import Pool
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import (
    acts,
    agent_tasks,
    alerts,
    archiving,
    heads,
    leftovers,
    own_tokens,
    replays,
    routing,
    settling,
    sightings,
    signing_in,
    silences,
    telling,
    vmauth,
    watchdog,
    workers,
)
from hyperion_control.usecases.crew import STOP_SECONDS, Crew
from hyperion_control.usecases.parts import Parts

log = logging.getLogger(__name__)

MAX_PAUSE_SECONDS = 30
# A chore that hangs in the database holds the exit no longer than this.
GRACE_SECONDS = 2


@dataclass(frozen=True)
class Chore:
    name: str
    period: float  # seconds
    work: Callable[[Parts, Worker], None]


CHORES: tuple[Chore, ...] = (
    Chore("mark that this worker lives", 5, workers.mark),
    Chore("forget workers unseen for a day", 3600, workers.forget),
    Chore("record what is unknown of the last actions", 60, settling.settle_recent),
    Chore("record what is unknown of all actions", 86400, settling.settle_all),
    Chore("tell the head of the audit", 3600, heads.tell),
    Chore("forget failed tries and ended logins", 3600, signing_in.forget),
    Chore("ask Prometheus what it saw of the machines", 15, sightings.look),
    Chore("tell Alertmanager of maintenances", 15, silences.keep),
    Chore("end tasks whose time is over", 5, leftovers.expire),
    Chore("give up tasks whose worker died", 5, leftovers.give_up),
    Chore("knock where something waits for an agent", 2, agent_tasks.knock),
    Chore("forget looks at machines", 60, acts.forget_looks),
    Chore("forget answers of a day ago", 3600, replays.forget),
    Chore("send notifications", 2, telling.tell),
    Chore("forget old notifications", 3600, telling.forget),
    Chore("forget alerts that ended long ago", 86400, alerts.forget),
    Chore("listen for the heartbeat of alerting", 15, watchdog.watch),
    Chore("keep Alertmanager's configuration", 15, routing.keep),
    Chore("keep Prometheus's token", 60, own_tokens.keep_of_prometheus),
    Chore("keep vmauth's configuration", 15, vmauth.keep),
    Chore("archive old records of the audit", 86400, archiving.archive),
)


@dataclass
class _Turn:
    chore: Chore
    due: float
    failures: int = 0
    fault: str = ""


class Rounds:
    """The chores in turn; one that fails is tried again after growing pauses."""

    def __init__(
        self,
        parts: Parts,
        worker: Worker,
        chores: Sequence[Chore] = CHORES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = parts
        self._worker = worker
        self._monotonic = monotonic
        self._turns = [_Turn(chore, monotonic()) for chore in chores]

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(max(0, self.due - self._monotonic())):
            self.step()

    @property
    def due(self) -> float:
        return self._next().due

    def step(self) -> None:
        turn = self._next()
        try:
            turn.chore.work(self._parts, self._worker)
        except Exception as fault:
            pause = min(2.0**turn.failures, MAX_PAUSE_SECONDS)
            turn.failures += 1
            self._failed(turn, fault)
        else:
            pause = turn.chore.period
            turn.failures = 0
            self._worked(turn)
        turn.due = self._monotonic() + pause

    def _next(self) -> _Turn:
        return min(self._turns, key=lambda turn: turn.due)

    def _failed(self, turn: _Turn, fault: Exception) -> None:
        """Once per change of state: a database that is away for a night would fill the log."""
        said = f"{type(fault).__name__}: {fault}"
        if said == turn.fault:
            return
        turn.fault = said
        # What we say in a sentence needs no trace.
        trace = None if isinstance(fault, Refused) else fault
        log.error("cannot %s, trying again: %s", turn.chore.name, fault, exc_info=trace)

    def _worked(self, turn: _Turn) -> None:
        if turn.fault:
            log.info("can %s again", turn.chore.name)
        turn.fault = ""


def run(parts: Parts) -> None:
    """Until SIGTERM or SIGINT; to be called in the main thread."""
    # A SimpleQueue may be filled by a signal handler that interrupts its reader; an Event may not.
    signals: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: signals.put(received))
    stop = threading.Event()
    worker, pool = workers.introduce(parts), Pool()
    sweep = Chore("hang up idle connections", 10, lambda _parts, _worker: pool.sweep())
    rounds = Rounds(parts, worker, (*CHORES, sweep))
    doing = threading.Thread(target=rounds.run, args=(stop,), daemon=True)
    doing.start()
    crew = Crew(parts, worker, pool)
    running = threading.Thread(target=crew.run, daemon=True)
    running.start()
    log.info("worker %s started as %s", worker.id, worker.name)
    received = signals.get()
    stop.set()
    crew.stop()
    running.join(STOP_SECONDS)
    doing.join(GRACE_SECONDS)
    log.info("worker %s ended by %s", worker.id, signal.Signals(received).name)
