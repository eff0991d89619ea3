"""Calls that may hang: the rest are made all the same, and the caller has its answer in time."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from queue import SimpleQueue
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Crew(Generic[Key, Answer]):
    """Makes calls one after another in a thread of its own.

    A call that hangs is left behind with its thread, and no second one is made under the same key
    until it comes back: so there is at most one stuck thread a key, for ever. A thread inside a
    system call cannot be ended; they are daemons, so the program can.
    """

    def __init__(self, name: str, patience: float, clock: Callable[[], float] = time.monotonic):
        self._name = name
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: set[Key] = set()
        self._hand = _Hand(name)

    def run(self, calls: Mapping[Key, Callable[[], Answer]], seconds: float) -> dict[Key, Answer]:
        """The answers that came within `seconds`; a call that hangs or still does is absent.

        Every call that does not hang is made, however many others do: after `patience` without an
        answer another thread takes over the rest. Calls answer; one that raises is absent too.
        """
        with self._lock:
            round_ = _Round({key: calls[key] for key in calls if key not in self._busy})
        if round_.left:
            self._hand.order(lambda: self._work(round_))
            self._watch(round_, self._clock() + seconds)
        with self._lock:
            round_.closed = True
            return round_.answers

    def __del__(self) -> None:
        self._hand.dismiss()

    def _watch(self, round_: "_Round[Key, Answer]", until: float) -> None:
        left, patience = round_.left, self._patience
        while (remaining := until - self._clock()) > 0:
            if round_.done.acquire(timeout=min(patience, remaining)):
                return
            if round_.left == left and (waiting := len(round_.pending)):
                self._replace_hand()
                self._hand.order(lambda: self._work(round_))
                # Where many hang, the time is shared out, so that the last is asked all the same.
                patience = min(patience, remaining / (waiting + 1))
            left = round_.left
        self._replace_hand()

    def _replace_hand(self) -> None:
        self._hand.dismiss()
        self._hand = _Hand(self._name)

    def _work(self, round_: "_Round[Key, Answer]") -> None:
        while (key := self._take(round_)) is not None:
            answers = self._make(key, round_.calls[key])
            with self._lock:
                self._busy.discard(key)
                if not round_.closed:
                    round_.answers |= answers
                round_.left -= 1
                if not round_.left:
                    round_.done.release()

    def _make(self, key: Key, call: Callable[[], Answer]) -> dict[Key, Answer]:
        try:
            return {key: call()}
        except BaseException:
            # Neither this thread nor the others' turn may end with it.
            log.exception("%s: the call for %s raised", self._name, key)
            return {}

    def _take(self, round_: "_Round[Key, Answer]") -> Key | None:
        with self._lock:
            if round_.closed or not round_.pending:
                return None
            key = round_.pending.popleft()
            self._busy.add(key)
            return key


class _Round(Generic[Key, Answer]):
    """The calls of one run, shared by the thread that began and those that took over."""

    def __init__(self, calls: dict[Key, Callable[[], Answer]]) -> None:
        self.calls = calls
        self.pending = deque(calls)
        self.left = len(calls)
        self.answers: dict[Key, Answer] = {}
        # Held until all are made: cheaper than an Event, which is a lock and a list of locks.
        self.done = threading.Lock()
        self.done.acquire()
        self.closed = False


class _Hand:
    """A thread that does what it is told until dismissed; started with its first order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._orders: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._started = False

    def order(self, order: Callable[[], None]) -> None:
        self._orders.put(order)
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def dismiss(self) -> None:
        self._orders.put(None)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            order()
            # While idle it must not hold on to what it did last, nor so to the files of that.
            del order
