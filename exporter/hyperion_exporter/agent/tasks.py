"""The tasks that run here: each is told of as it runs, and until its end is known at home."""

import base64
import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hyperion_exporter.agent import errand, files
from hyperion_exporter.agent.errand import Ended, Order
from hyperion_exporter.agent.files import BadFile
from hyperion_exporter.agent.home import Away, Home, Refused, pauses
from hyperion_exporter.agent.spool import Spool

log = logging.getLogger("hyperion_agent")

MOST = 16
TELL_SECONDS = 0.2


class Task:
    def __init__(self, task_id: str, order: Order, policy: Path) -> None:
        self.id = task_id
        self.cancel = threading.Event()
        self._order = order
        self._policy = policy
        self._news = threading.Event()
        self._stop = threading.Event()
        self._ended: Ended | None = None
        self._spools = {name: Spool(order.head, order.tail) for name in ("stdout", "stderr")}

    def run(self) -> None:
        try:
            policy = files.policy(self._policy)
            self._ended = errand.run(self._order, policy, self._add, self.cancel)
        except BadFile as fault:
            self._ended = Ended("not_started", reason=str(fault))
        except Exception as fault:
            # Its end must be told, whatever went wrong here.
            log.exception("cannot carry out the task %s", self.id)
            self._ended = Ended("lost", reason=f"the agent failed in the middle: {fault}"[:500])
        self._news.set()

    def tell(self, home: Home) -> None:
        """Returns when home knows how it ended, or does not want to."""
        waits = pauses()
        while True:
            self._news.wait()
            self._news.clear()
            ended = self._ended
            try:
                self._tell_pieces(home)
                if ended:
                    home.ask(f"tasks/{self.id}/end", self._end(ended))
                    return
            except Refused as refused:
                log.warning("the task %s is not wanted any more: %s", self.id, refused)
                self.cancel.set()
                return
            except Away:
                self._news.set()
                if self._stop.wait(next(waits)):
                    return
                continue
            waits = pauses()
            # What is said in a moment is told at once.
            self._stop.wait(TELL_SECONDS if not self._ended else 0)

    def give_up(self) -> None:
        """Home is told no more than it knows by now."""
        self._stop.set()

    def _add(self, stream: str, piece: bytes) -> None:
        self._spools[stream].add(piece)
        self._news.set()

    def _tell_pieces(self, home: Home) -> None:
        for stream, spool in self._spools.items():
            while (found := spool.next()) is not None:
                place, piece = found
                told = {"stream": stream, "offset": place, "base64": _base64(piece)}
                home.ask(f"tasks/{self.id}/output", {"pieces": [told]})
                spool.told(place, piece)

    def _end(self, ended: Ended) -> dict[str, Any]:
        out, err = self._spools["stdout"], self._spools["stderr"]
        return {
            **vars(ended),
            "stdout_size": out.size,
            "stderr_size": err.size,
            "digest": hashlib.sha256(out.digest() + err.digest()).hexdigest(),
        }


class Tasks:
    def __init__(self, home: Home, policy: Path, stop: threading.Event) -> None:
        self._home = home
        self._policy = policy
        self._stop = stop
        self._lock = threading.Condition()
        self._running: dict[str, Task] = {}

    def canceling(self) -> list[str]:
        with self._lock:
            return [task.id for task in self._running.values() if task.cancel.is_set()]

    def obey(self, news: dict[str, list[str]]) -> None:
        for task_id in news["cancel"]:
            if task := self._running.get(task_id):
                task.cancel.set()
        for task_id in news["waiting"]:
            if len(self._running) < MOST:
                self._begin(task_id)

    def full(self) -> bool:
        return len(self._running) >= MOST

    def stop(self, seconds: float) -> None:
        """What runs is canceled, and home hears of it if it can."""
        with self._lock:
            for task in self._running.values():
                task.cancel.set()
            self._lock.wait_for(lambda: not self._running, seconds)
            for task in self._running.values():
                task.give_up()

    def _begin(self, task_id: str) -> None:
        order = self._order(task_id)
        if order is None:
            return
        task = Task(task_id, order, self._policy)
        with self._lock:
            self._running[task_id] = task
        _start(task.run)
        _start(lambda: self._tell(task))

    def _order(self, task_id: str) -> Order | None:
        """Asked for until it is answered: home takes it for begun, and we know nothing of it."""
        for pause in pauses():
            try:
                return Order.read(self._home.ask(f"tasks/{task_id}/begin", {}))
            except Refused as refused:
                log.warning("the task %s is not to be begun: %s", task_id, refused)
                return None
            except Away:
                if self._stop.wait(pause):
                    return None
        return None

    def _tell(self, task: Task) -> None:
        task.tell(self._home)
        with self._lock:
            del self._running[task.id]
            self._lock.notify_all()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
