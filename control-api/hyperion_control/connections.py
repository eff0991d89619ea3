"""The gunicorn worker: no thread waits for a client, so no number of slow ones stops the rest.

gthread gives each connection a thread that then waits for the request, and closes it in the thread
that accepts, waiting again. Here the thread that accepts does all the waiting, for all connections
at once: a request gets a thread when all of it has arrived and the answer before it was taken. The
parser never sees a socket: where bytes are missing, it finds the end of the file.

A request that waits for something to happen leaves its thread too: parked.py keeps it.
"""

import fcntl
import re
import selectors
import socket
import struct
import termios
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn.http import get_parser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from hyperion_control.api import metrics
from hyperion_control.border import malformed
from hyperion_control.border.bodies import MOST_BODY_BYTES
from hyperion_control.border.waiting import Parked, Visit, visit
from hyperion_control.parked import Parking
from hyperion_control.repeats import Repeats
from hyperion_control.store.changes import Changes

# For a whole request, from the moment it may begin.
REQUEST_SECONDS = 5
# For a client to close after us; closing first could tear the answer out of its hands.
LEAVE_SECONDS = 2
MAX_HEAD_BYTES = 32 * 1024
READ_BYTES = 64 * 1024
# What the kernel holds for a slow reader; only a longer answer can hold a thread.
SEND_BUFFER_BYTES = 256 * 1024
UNTAKEN_BYTES = 64 * 1024
FIELD = rb"\r\n(content-length|transfer-encoding):[ \t]*(\S*)"
# No request is so short.
REFUSED = 0
# For each piece of such an answer, as the kernel's struct timeval.
SEND_TIMEOUT = struct.pack("ll", 5, 0)


@dataclass(eq=False)
class Waiting:
    """A connection whose client has the next move."""

    connection: Any
    deadline: float
    leaving: bool = False
    data: bytearray = field(default_factory=bytearray)
    length: int | None = None


def length_of(data: bytes | bytearray) -> int | None:
    """How long the request at the start of `data` is; None while its head is not all here.

    REFUSED for one that the parser or the application will refuse without its other bytes.
    """
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        return REFUSED if len(data) > MAX_HEAD_BYTES else None
    fields = dict(re.findall(FIELD, data[:end].lower()))
    length = fields.get(b"content-length", b"0")
    if b"transfer-encoding" in fields or not re.fullmatch(rb"[0-9]{1,9}", length):
        return REFUSED
    return end + int(length) if int(length) <= MOST_BODY_BYTES else REFUSED


def untaken(client: socket.socket) -> int:
    """Bytes of earlier answers that the client has not taken yet."""
    return int.from_bytes(fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)), "little")


class GatheringWorker(ThreadWorker):  # type: ignore[misc]
    """Overrides the three moments at which gthread would wait, or look after those who wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: set[Waiting] = set()

    def run(self) -> None:
        parts = self.wsgi.extensions["hyperion"]
        changes = Changes(parts.database.file)
        self._repeats = Repeats(changes.count, partial(metrics.count_repeated, self.wsgi))
        self._parking = Parking(self, parts.registry)
        leave = parts.bell.subscribe(self._parking.hear)
        try:
            super().run()
        finally:
            leave()
            changes.close()
            parts.bell.close()  # its pipe goes with it

    def enqueue_req(self, conn: Any) -> None:
        """A connection is new, or may be about to send its next request."""
        waiting = Waiting(conn, time.monotonic() + REQUEST_SECONDS)
        if conn.parser is None:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, SEND_TIMEOUT)
        else:
            waiting.data += conn.parser.unreader.take_buffered()
        self._wait(waiting)
        self._look(waiting)

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """A thread has answered; what it returned says whether the connection stays."""
        result = None if fs.cancelled() or fs.exception() else fs.result()
        if isinstance(result, Parked):
            self._parking.seat(conn, result)
            return
        conn.data = b""
        if conn.whole and result:
            self._repeats.keep(conn.asked, conn.visit.told)
            super().finish_request(conn, fs)
            return
        waiting = Waiting(conn, time.monotonic() + LEAVE_SECONDS, leaving=True)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            self._wait(waiting)
        except (OSError, ValueError):  # it is gone already, or closed by the thread
            self.close(conn)

    def handle(self, conn: Any) -> Any:
        """In a thread. What waits for the bell leaves it as an exception, which is no fault."""
        token = visit.set(conn.visit)
        try:
            return super().handle(conn)
        except Parked as parked:
            return parked.with_traceback(None)
        finally:
            visit.reset(token)

    def ask_again(self, conn: Any, *, over: bool) -> Any:
        """In a thread: the same request once more, as if it had come just now."""
        conn.visit.again, conn.visit.over = True, over
        conn.parser = get_parser(self.cfg, [conn.data], conn.client)
        return self.handle(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, self._parking.soonest()))

    def murder_pending(self) -> None:
        """Every second or sooner, and while the worker stops."""
        self._parking.look_round()
        now = time.monotonic()
        for waiting in list(self._waiting):
            if waiting.deadline <= now or not (self.alive or waiting.leaving):
                self._drop(waiting)
            else:
                self._look(waiting)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """What gunicorn itself refuses reads as all else that is refused; the log has its words."""
        with suppress(OSError):  # it has gone
            client.sendall(malformed.answer(exc))

    def _wait(self, waiting: Waiting) -> None:
        client = waiting.connection.sock
        client.setblocking(False)
        self.poller.register(client, selectors.EVENT_READ, partial(self._read, waiting))
        self._waiting.add(waiting)

    def _read(self, waiting: Waiting, client: socket.socket) -> None:
        try:
            data = client.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(waiting)
        elif not waiting.leaving:
            waiting.data += data
            self._look(waiting)

    def _look(self, waiting: Waiting) -> None:
        if waiting.length is None:
            waiting.length = length_of(waiting.data)
            self._encourage(waiting)
        if waiting.length is None or len(waiting.data) < waiting.length:
            return
        taken = untaken(waiting.connection.sock) <= UNTAKEN_BYTES
        if taken and not self._repeat(waiting):
            self._hand_over(waiting)

    def _repeat(self, waiting: Waiting) -> bool:
        """Answers as before, where that is known and good; else it is seen what comes of it."""
        conn = waiting.connection
        whole = self.alive and len(waiting.data) == waiting.length
        conn.asked = self._repeats.asked(conn.client, bytes(waiting.data)) if whole else None
        answer = self._repeats.answer(conn.asked) if conn.asked else None
        if answer is None:
            return False
        waiting.data.clear()
        waiting.length, waiting.deadline = None, time.monotonic() + REQUEST_SECONDS
        try:
            conn.sock.sendall(answer)
        except OSError:  # it has gone
            self._drop(waiting)
        return True

    def _encourage(self, waiting: Waiting) -> None:
        """curl waits for this before it sends a large body."""
        asked = b"\r\nexpect: 100-continue" in waiting.data[:MAX_HEAD_BYTES].lower()
        if asked and waiting.length and len(waiting.data) < waiting.length:
            with suppress(OSError):  # it has gone, which the next read notices
                waiting.connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, waiting: Waiting) -> None:
        self._forget(waiting)
        conn = waiting.connection
        conn.data = bytes(waiting.data)
        conn.visit = Visit(self._parking.room)
        conn.parser = get_parser(self.cfg, [conn.data], conn.client)
        conn.initialized = True
        # Where the request after one that was cut begins, nobody can know.
        conn.whole = waiting.length != REFUSED
        super().enqueue_req(conn)

    def _drop(self, waiting: Waiting) -> None:
        self._forget(waiting)
        self.close(waiting.connection)

    def close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _forget(self, waiting: Waiting) -> None:
        self._waiting.remove(waiting)
        self.poller.unregister(waiting.connection.sock)
