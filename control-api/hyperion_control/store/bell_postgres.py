"""The bell through PostgreSQL: LISTEN and NOTIFY, on one connection and thread of their own.

A pooler that gives each transaction another connection loses what it hears; that costs 2 s.
"""

import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import psycopg

log = logging.getLogger(__name__)

CHANNEL = "hyperion_bell"
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 1
CONNECTION: dict[str, Any] = {
    "application_name": "hyperion bell",
    "connect_timeout": 2,
    # A server that vanished is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # A ring needs no disk.
    "options": "-c synchronous_commit=off",
}


class Notifications:
    def __init__(self, url: str) -> None:
        self._url = url
        self._heard: Callable[[str], None] = lambda _topic: None
        self._out: SimpleQueue[str] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._away = False

    def listen(self, heard: Callable[[str], None]) -> None:
        self._heard = heard
        self._start()

    def ring(self, topic: str) -> None:
        self._out.put(topic)
        self._start()
        self._nudge()

    def close(self) -> None:
        with self._lock:
            self._closing.set()
        if self._thread is not None:
            self._nudge()
            self._thread.join(CLOSE_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._closing.is_set():
                return
            self._hand, self._ear = socket.socketpair()
            self._hand.setblocking(False)
            self._ear.setblocking(False)
            self._thread = threading.Thread(target=self._attend, daemon=True)
            self._thread.start()

    def _nudge(self) -> None:
        with suppress(OSError):  # it was nudged often enough, or is closed
            self._hand.send(b".")

    def _attend(self) -> None:
        with self._hand, self._ear:
            while not self._closing.is_set():
                try:
                    self._connect()
                except psycopg.Error as fault:
                    self._say(fault)
                    self._closing.wait(RETRY_SECONDS)

    def _connect(self) -> None:
        with psycopg.connect(self._url, autocommit=True, **CONNECTION) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._say(None)
            self._serve(connection)

    def _serve(self, connection: psycopg.Connection[Any]) -> None:
        poll, own = select.poll(), connection.info.backend_pid
        poll.register(connection.fileno(), select.POLLIN)
        poll.register(self._ear, select.POLLIN)
        while not self._closing.is_set():
            self._send(connection)
            for notice in connection.notifies(timeout=0):
                if notice.pid != own:  # its own were heard when they rang
                    self._heard(notice.payload)
            poll.poll()

    def _send(self, connection: psycopg.Connection[Any]) -> None:
        """All that rang since the last time, each topic once."""
        with suppress(BlockingIOError):
            self._ear.recv(4096)
        topics: dict[str, None] = {}
        with suppress(Empty):
            while True:
                topics[self._out.get_nowait()] = None
        if topics:
            notify = "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) AS topic"
            connection.execute(notify, (CHANNEL, list(topics)))

    def _say(self, fault: psycopg.Error | None) -> None:
        """Once per change of state."""
        away, self._away = self._away, fault is not None
        if fault is not None and not away:
            said = "cannot hear other processes, so their news come 2 s late: %s"
            log.warning(said, str(fault).partition("\n")[0])
        elif fault is None and away:
            log.info("can hear other processes again")
