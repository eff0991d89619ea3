"""Serves the page: /metrics, /healthz and a landing page."""

import html
import logging
import os
import socket
import socketserver
import threading
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hyperion_exporter.guard import Crowded, Guard
from hyperion_exporter.serving import scrape
from hyperion_exporter.serving.http import Connection, Refused, Request
from hyperion_exporter.serving.places import Places, turn_away

if TYPE_CHECKING:
    from hyperion_exporter.serving.gate import Gate

log = logging.getLogger(__name__)

# Each takes a thread. Two Prometheus, a person and a proxy need five.
MAX_CLIENTS = 100
# As node_exporter has it; they wait for one another.
MAX_REQUESTS = 40
# Only the end of the program ends it: nobody waits for it to look up, as it would twice a second.
IDLE_SECONDS = 3600.0

PLAIN = "text/plain; charset=utf-8"
LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Hyperion exporter</title></head>
<body><h1>Hyperion exporter</h1>
<p>The metrics of this machine, in node_exporter's names.</p>
<ul><li><a href="{path}">Metrics</a></li><li><a href="/healthz">Health</a></li></ul>
</body></html>
"""


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # On Windows it would let a second program take a port in use.
    allow_reuse_address = os.name == "posix"
    request_queue_size = 128

    def __init__(
        self,
        address: str,
        guard: Guard,
        telemetry_path: str,
        gate: "Gate | None" = None,
        max_requests: int = MAX_REQUESTS,
    ) -> None:
        host, port = split_address(address)
        both = not host and socket.has_dualstack_ipv6()
        self.address_family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
        self.guard = guard
        self.telemetry_path = telemetry_path
        self.gate = gate
        self.places = Places(MAX_CLIENTS)
        self.scrapes = threading.BoundedSemaphore(max_requests or MAX_CLIENTS)
        super().__init__((host, port), Handler)

    def serve_forever(self, poll_interval: float = IDLE_SECONDS) -> None:
        super().serve_forever(poll_interval)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            # Some systems set this: then :: would be every address but those of IPv4.
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        if self.places.take():
            return True
        if not (self.gate and self.gate.tls):
            busy = HTTPStatus.SERVICE_UNAVAILABLE
            turn_away(request, busy, "too many clients are being answered; try again")
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no further thread is to be had
            self.places.give_back()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.give_back()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the client's own thread, so that its handshake delays nobody else."""
        try:
            handshake = self.gate.handshake() if self.gate else None
            if handshake is None:
                super().finish_request(request, client_address)
                return
            with handshake.wrap(request) as peer:
                with self.places.waiting(peer):
                    handshake.shake(peer)
                super().finish_request(peer, client_address)
        except OSError as gone:
            log.debug("a client left: %s", gone)

    def handle_error(self, request: object, client_address: object) -> None:
        log.exception("an answer failed")


def split_address(address: str) -> tuple[str, int]:
    """`:9100` means every address, as node_exporter has it; IPv6 stands in square brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address; write HOST:PORT, such as 127.0.0.1:9100")
    return host.strip("[]"), int(port)


class Handler(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.request)
        gate = self.server.gate
        while (asked := self._next(connection)) is not None:
            status, body, headers = self._answer(asked)
            headers |= {"Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
            if gate:
                headers |= gate.headers
            if not asked.lasting:
                headers["Connection"] = "close"
            connection.send(status, headers, b"" if asked.method == "HEAD" else body)
            if not asked.lasting:
                break

    def _next(self, connection: Connection) -> Request | None:
        try:
            with self.server.places.waiting(self.request):
                return connection.next()
        except Refused as refused:
            body = f"{refused}\n".encode()
            headers = {"Content-Type": PLAIN, "Content-Length": str(len(body)),
                       "Connection": "close"}  # fmt: skip
            connection.send(refused.status, headers, body)
            return None

    def _answer(self, asked: Request) -> tuple[HTTPStatus, bytes, dict[str, str]]:
        gate = self.server.gate
        if gate and (refused := gate.refusal(asked.header("authorization"))):
            headers = {"Content-Type": PLAIN, **refused.headers}
            return refused.status, f"{refused.sentence}\n".encode(), headers
        try:
            url = urlsplit(asked.target)
            if url.path == self.server.telemetry_path:
                return self._metrics(asked, url.query)
            if url.path == "/healthz":
                return HTTPStatus.OK, b"ok\n", {"Content-Type": PLAIN}
            if url.path == "/":
                page = LANDING.format(path=html.escape(self.server.telemetry_path))
                return HTTPStatus.OK, page.encode(), {"Content-Type": "text/html; charset=utf-8"}
            status, sentence = HTTPStatus.NOT_FOUND, "nothing is here; / says what there is"
        except ValueError as fault:
            status, sentence = HTTPStatus.BAD_REQUEST, str(fault)
        except Crowded:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            sentence = "another scrape still runs; scrape less often or with a longer timeout"
        return status, f"{sentence}\n".encode(), {"Content-Type": PLAIN}

    def _metrics(self, asked: Request, query: str) -> tuple[HTTPStatus, bytes, dict[str, str]]:
        if not self.server.scrapes.acquire(blocking=False):
            raise Crowded
        try:
            body, headers = scrape.answer(self.server.guard, asked, query)
        finally:
            self.server.scrapes.release()
        return HTTPStatus.OK, body, headers


def serve(
    addresses: Sequence[str],
    guard: Guard,
    telemetry_path: str,
    gate: "Gate | None" = None,
    max_requests: int = MAX_REQUESTS,
) -> list[Server]:
    return [Server(address, guard, telemetry_path, gate, max_requests) for address in addresses]
