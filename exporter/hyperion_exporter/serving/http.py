"""HTTP/1.1 as far as a scrape needs it: GET and HEAD, keep-alive, limits on size and time.

Our own because the standard library's server brings mail parsing and TLS along: 6 MB, a quarter of
the whole exporter, and knows no limit on how long a request may take to arrive.
"""

import socket
import time
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD_BYTES = 16 * 1024
# From its first byte; a client slower than that holds a thread for nothing.
HEAD_SECONDS = 10.0
# Between two scrapes a connection may rest: longer than any interval that makes sense.
REST_SECONDS = 300.0
SEND_SECONDS = 30.0


class Refused(Exception):
    """The request cannot be answered as asked; the connection ends with it."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    lasting: bool

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class Connection:
    """One client's requests, one after another."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._read = b""

    def next(self) -> Request | None:
        """The next request, or None when the client left or rested for too long."""
        head = self._head()
        return parse(head) if head else None

    def send(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._peer.settimeout(SEND_SECONDS)
        # In one write: a second would wait for the client's delayed ACK (44 ms).
        self._peer.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def _head(self) -> bytes:
        until = time.monotonic() + (HEAD_SECONDS if self._read else REST_SECONDS)
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            if len(self._read) > MAX_HEAD_BYTES:
                status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                raise Refused(status, f"a request here is at most {MAX_HEAD_BYTES} bytes")
            begun = bool(self._read)
            try:
                self._peer.settimeout(max(until - time.monotonic(), 0.001))
                part = self._peer.recv(MAX_HEAD_BYTES)
            except TimeoutError:
                if begun:
                    sentence = f"the request did not arrive within {HEAD_SECONDS:.0f} s"
                    raise Refused(HTTPStatus.REQUEST_TIMEOUT, sentence) from None
                return b""
            if not part:
                return b""
            if not begun:
                until = time.monotonic() + HEAD_SECONDS
            self._read += part
        head, self._read = self._read[:end], self._read[end + 4 :]
        return head


def parse(head: bytes) -> Request:
    first, *rest = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refused(HTTPStatus.BAD_REQUEST, "this is not a request of HTTP/1.1")
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Refused(HTTPStatus.BAD_REQUEST, "a header line is not NAME: VALUE")
        headers[name.lower()] = value.strip()
    method, target, version = words
    if method not in ("GET", "HEAD"):
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are answered here")
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise Refused(HTTPStatus.BAD_REQUEST, "a request here has no body")
    return Request(method, target, headers, _lasting(version, headers))


def _lasting(version: str, headers: dict[str, str]) -> bool:
    asked = headers.get("connection", "").lower()
    return "close" not in asked if version != "HTTP/1.0" else "keep-alive" in asked
