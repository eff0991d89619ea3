"""Connections whose clients wait for us: kept without threads, looked after at each ring.

The thread that accepts keeps them all, and hears who goes away. Other threads only look whether
there is something for one of them, never more than half of them at once: however many wait and
however slow the database is, who comes new is answered.
"""

import heapq
import itertools
import logging
import math
import os
import resource
import selectors
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from hyperion_control.border.waiting import Parked, ParkedRequest, ParkedStream, StreamCut
from hyperion_control.guests import Guest, Reader

log = logging.getLogger(__name__)

MOST_PARKED = 4096
# What their requests hold together.
MOST_HELD_BYTES = 64 * 1024 * 1024
# For all that is no connection: the database's, files, the bell.
OTHER_FILES = 256
STAYS = object()


class Parking:
    def __init__(self, worker: Any, registry: CollectorRegistry) -> None:
        self._worker = worker
        self._most = _most_parked(worker.cfg.worker_connections)
        self._most_looking = max(1, worker.cfg.threads // 2)
        self._looking = 0
        self._held = 0
        self._guests: set[Guest] = set()
        self._topics: dict[str, set[Guest]] = {}
        self._queue: deque[Guest] = deque()
        self._timers: list[tuple[float, int, Guest]] = []
        self._numbers = itertools.count()
        self._gauge = Gauge(
            "hyperion_control_waiting",
            "Requests and streams that wait for something to happen; they hold no thread.",
            ("kind",),
            registry=registry,
        )
        for kind in ("request", "stream"):
            self._gauge.labels(kind)

    def room(self) -> bool:
        """In any thread."""
        return len(self._guests) < self._most and self._held < MOST_HELD_BYTES

    def hear(self, topic: str) -> None:
        """In any thread."""
        if topic in self._topics:
            self._worker.method_queue.defer(self._ring, topic)

    def seat(self, conn: Any, parked: Parked) -> None:
        guest = Guest.of(conn, parked)
        conn.sock.setblocking(False)
        self._guests.add(guest)
        self._topics.setdefault(parked.topic, set()).add(guest)
        # It takes none of the places of those who are answered at once.
        self._worker.worker_connections += 1
        self._held += guest.held
        self._gauge.labels(guest.kind).inc()
        # What rang since the view looked is found now.
        self._call(guest)

    def soonest(self) -> float:
        """Seconds until one of them is to be looked after."""
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else math.inf

    def look_round(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            due, _, guest = heapq.heappop(self._timers)
            if guest.seated and guest.due == due:
                self._late(guest)
        if not self._worker.alive:
            for guest in [each for each in self._guests if each.seated]:
                self._dismiss(guest)

    def _late(self, guest: Guest) -> None:
        if guest.behind:
            self._drop(guest)  # it takes nothing
        else:
            self._call(guest)

    def _ring(self, topic: str) -> None:
        for guest in list(self._topics.get(topic, ())):
            self._call(guest)

    def _call(self, guest: Guest) -> None:
        """To be looked after by a thread."""
        if guest.busy or guest.behind:
            guest.rung = True
            return
        self._stand(guest)
        guest.busy, guest.rung = True, False
        self._queue.append(guest)
        self._next()

    def _next(self) -> None:
        while self._queue and self._looking < self._most_looking:
            guest = self._queue.popleft()
            self._looking += 1
            look = self._worker.tpool.submit(self._look, guest)
            look.add_done_callback(
                lambda look, guest=guest: self._worker.method_queue.defer(self._looked, guest, look)
            )

    def _look(self, guest: Guest) -> Any:
        """In a thread: the next piece of a stream; a request is asked again, or stays."""
        parked, over = guest.parked, not self._worker.alive
        if isinstance(parked, ParkedStream):
            return parked.look()
        if isinstance(parked, ParkedRequest) and not over and not parked.due():
            return STAYS
        guest.conn.data += guest.ahead
        return self._worker.ask_again(guest.conn, over=over)

    def _looked(self, guest: Guest, look: Future[Any]) -> None:
        self._looking -= 1
        guest.busy = False
        if guest.reader is not None:
            self._flow(guest, guest.reader, look)
        elif look.exception() is None and look.result() is STAYS:
            self._sit(guest)
        else:
            self._forget(guest)
            self._worker.finish_request(guest.conn, look)
        self._next()

    def _flow(self, guest: Guest, reader: Reader, look: Future[Any]) -> None:
        fault = look.exception()
        if fault is not None:
            if not isinstance(fault, StreamCut):
                log.error("a stream failed", exc_info=fault)
            self._drop(guest)
            return
        piece = look.result()
        if piece is None:
            reader.end()
        elif piece:
            reader.give(piece)
            guest.rung = True  # there may be more
        else:
            reader.reassure()
        self._send(guest, reader)

    def _send(self, guest: Guest, reader: Reader) -> None:
        try:
            reader.send()
        except OSError:
            self._drop(guest)
            return
        if reader.ended and not reader.behind:
            self._leave(guest, reader)
        else:
            self._sit(guest)

    def _leave(self, guest: Guest, reader: Reader) -> None:
        """A stream is at its end; the connection may go on, with what was sent ahead."""
        self._forget(guest)
        parser, answered = guest.conn.parser, Future[bool]()
        parser.unreader.buf.seek(0, os.SEEK_END)
        parser.unreader.buf.write(guest.ahead)
        answered.set_result(reader.chunked and not parser.mesg.should_close())
        self._worker.finish_request(guest.conn, answered)

    def _dismiss(self, guest: Guest) -> None:
        """We stop: as if its time were over."""
        if guest.reader is None:
            self._call(guest)
        elif not guest.reader.ended:
            self._stand(guest)
            guest.reader.end()
            self._send(guest, guest.reader)

    def _sit(self, guest: Guest) -> None:
        if guest.rung and not guest.behind:
            self._call(guest)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if guest.behind else 0)
        self._worker.poller.register(guest.conn.sock, events, partial(self._stirred, guest))
        guest.seated = True
        guest.due = guest.next_due()
        heapq.heappush(self._timers, (guest.due, next(self._numbers), guest))

    def _stirred(self, guest: Guest, _client: Any) -> None:
        """It has sent something, can take something, or has gone."""
        if not guest.seated:  # since the poller was asked
            return
        if not guest.hear():
            self._drop(guest)
        elif guest.reader and guest.behind:
            self._stand(guest)
            self._send(guest, guest.reader)

    def _stand(self, guest: Guest) -> None:
        if guest.seated:
            self._worker.poller.unregister(guest.conn.sock)
            guest.seated = False

    def _drop(self, guest: Guest) -> None:
        self._stand(guest)
        self._forget(guest)
        self._worker.close(guest.conn)

    def _forget(self, guest: Guest) -> None:
        self._guests.remove(guest)
        here = self._topics[guest.parked.topic]
        here.remove(guest)
        if not here:
            del self._topics[guest.parked.topic]
        self._worker.worker_connections -= 1
        self._held -= guest.held
        self._gauge.labels(guest.kind).dec()


def _most_parked(connections: int) -> int:
    """As many as there may be open files for; we take what we are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + MOST_PARKED + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return max(0, min(MOST_PARKED, wanted - connections - OTHER_FILES))
