"""Places for clients: so many at once, and none kept for ever by one that says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

# Who was told to go needs no longer than this to be gone.
LEAVE_SECONDS = 1.0
MAX_UNREAD_BYTES = 16 * 1024


def turn_away(peer: socket.socket, status: HTTPStatus, sentence: str) -> None:
    """A last word in plain HTTP, past TLS, that waits for nobody."""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    peer.setblocking(False)
    with suppress(OSError):
        # With a request left unread, the system resets the connection and this is lost.
        socket.socket.recv(peer, MAX_UNREAD_BYTES)
    with suppress(OSError):
        socket.socket.send(peer, f"{head}Connection: close\r\n\r\n{sentence}\n".encode())


class Places:
    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._turn = threading.Lock()
        self._waiting: dict[socket.socket, None] = {}

    def take(self) -> bool:
        """Where all are taken, the client that we wait for longest gives its place up."""
        if self._free.acquire(blocking=False):
            return True
        return self._send_one_away() and self._free.acquire(timeout=LEAVE_SECONDS)

    def give_back(self) -> None:
        self._free.release()

    @contextmanager
    def waiting(self, peer: socket.socket) -> Iterator[None]:
        """While the client has to say something: between requests, within one, in a handshake."""
        with self._turn:
            self._waiting[peer] = None
        try:
            yield
        finally:
            with self._turn:
                self._waiting.pop(peer, None)

    def _send_one_away(self) -> bool:
        with self._turn:
            oldest = next(iter(self._waiting), None)
            if oldest is None:
                return False
            del self._waiting[oldest]
            with suppress(OSError):
                # Not a TLS socket's own shutdown: its thread is in the midst of reading.
                socket.socket.shutdown(oldest, socket.SHUT_RDWR)
        return True
