"""A connection whose client waits for us: for its answer, or for the next piece of a stream."""

import time
from dataclasses import dataclass, field
from typing import Any

from hyperion_control.border.waiting import (
    STREAM_LOOK_SECONDS,
    Parked,
    ParkedRequest,
    ParkedStream,
)
from hyperion_control.store.bell import LOOK_SECONDS

READ_BYTES = 64 * 1024
# What a client may send on before it has its answer.
MOST_AHEAD_BYTES = 64 * 1024
# Who has taken nothing of a stream for so long is left.
SLOW_SECONDS = 5.0
# Proxies close what is silent for half a minute or more.
IDLE_SECONDS = 15.0
LAST_CHUNK = b"0\r\n\r\n"


class Reader:
    """Of a stream: what is still to be sent, framed, sent as it is taken and never waited for."""

    def __init__(self, client: Any, *, chunked: bool, idle: bytes) -> None:
        self._client = client
        self.chunked = chunked
        self._idle = idle
        self._unsent = bytearray()
        self.moved = time.monotonic()  # when it last took something, or was first given it
        self.ended = False

    @property
    def behind(self) -> bool:
        return bool(self._unsent)

    def give(self, piece: bytes) -> None:
        if not self._unsent:
            self.moved = time.monotonic()
        self._unsent += b"%x\r\n%b\r\n" % (len(piece), piece) if self.chunked else piece

    def reassure(self) -> None:
        """Nothing has happened, which is told from time to time."""
        if self._idle and time.monotonic() - self.moved >= IDLE_SECONDS:
            self.give(self._idle)

    def end(self) -> None:
        if self.chunked and not self.ended:
            self._unsent += LAST_CHUNK
        self.ended = True

    def send(self) -> None:
        """As much as it takes now; OSError when it has gone."""
        try:
            while self._unsent:
                del self._unsent[: self._client.send(self._unsent)]
                self.moved = time.monotonic()
        except BlockingIOError:
            return


@dataclass(eq=False)
class Guest:
    conn: Any
    parked: Parked
    held: int  # bytes of its request
    reader: Reader | None = None
    ahead: bytearray = field(default_factory=bytearray)  # what its client has sent since
    seated: bool = False  # in the poller
    busy: bool = False  # with a thread, or about to be
    rung: bool = False  # while it could not be looked after
    due: float = 0.0

    @classmethod
    def of(cls, conn: Any, parked: Parked) -> "Guest":
        if not isinstance(parked, ParkedStream):
            return cls(conn, parked, len(conn.data))
        conn.data = b""  # it is not asked again
        return cls(conn, parked, 0, Reader(conn.sock, chunked=parked.chunked, idle=parked.idle))

    @property
    def kind(self) -> str:
        return "stream" if self.reader else "request"

    @property
    def behind(self) -> bool:
        return self.reader is not None and self.reader.behind

    def next_due(self) -> float:
        now = time.monotonic()
        if self.reader is not None:
            return self.reader.moved + SLOW_SECONDS if self.behind else now + STREAM_LOOK_SECONDS
        parked = self.parked
        if isinstance(parked, ParkedRequest):
            return min(now + parked.every, parked.end)
        return now + LOOK_SECONDS

    def hear(self) -> bool:
        """Whether its client is still there, and within bounds."""
        try:
            sent = self.conn.sock.recv(READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.ahead += sent
        return bool(sent) and len(self.ahead) <= MOST_AHEAD_BYTES
