"""Serves the page: /metrics, /healthz and a landing page."""

import html
import logging
import socket
import socketserver
import threading
import zlib
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from hyperion_exporter.guard import Crowded, Guard
from hyperion_exporter.http import Connection, Refused, Request
from hyperion_exporter.page import OPENMETRICS, TEXT

log = logging.getLogger(__name__)

# Prometheus says how long it waits; our answer must be on its way a little earlier.
MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
# Each takes a thread. Two Prometheus, a person and a proxy need five.
MAX_CLIENTS = 100

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
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: str, guard: Guard, telemetry_path: str) -> None:
        host, port = split_address(address)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.guard = guard
        self.telemetry_path = telemetry_path
        self._places = threading.BoundedSemaphore(MAX_CLIENTS)
        super().__init__((host, port), Handler)

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._places.release()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Past the last place a client is let go at once; it may come back."""
        return self._places.acquire(blocking=False)

    def handle_error(self, request: object, client_address: object) -> None:
        log.exception("an answer failed")


def split_address(address: str) -> tuple[str, int]:
    """`:9100` means every address, as node_exporter has it; IPv6 stands in square brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address; write HOST:PORT, such as 127.0.0.1:9100")
    return host.strip("[]"), int(port)


class Handler(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.request)
        try:
            while (asked := self._next(connection)) is not None:
                status, body, headers = self._answer(asked)
                headers |= {"Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
                if not asked.lasting:
                    headers["Connection"] = "close"
                connection.send(status, headers, b"" if asked.method == "HEAD" else body)
                if not asked.lasting:
                    break
        except OSError as gone:
            log.debug("a client left: %s", gone)

    def _next(self, connection: Connection) -> Request | None:
        try:
            return connection.next()
        except Refused as refused:
            body = f"{refused}\n".encode()
            headers = {"Content-Type": PLAIN, "Content-Length": str(len(body)),
                       "Connection": "close"}  # fmt: skip
            connection.send(refused.status, headers, body)
            return None

    def _answer(self, asked: Request) -> tuple[HTTPStatus, bytes, dict[str, str]]:
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
        guard = self.server.guard
        wanted = chosen(query, guard.names)
        form = OPENMETRICS if "application/openmetrics-text" in asked.header("accept") else TEXT
        text = guard.gather(_seconds(asked), form, wanted)
        body = (text + "# EOF\n" if form == OPENMETRICS else text).encode()
        headers = {"Content-Type": form, "Vary": "Accept, Accept-Encoding"}
        if "gzip" in asked.header("accept-encoding"):
            headers["Content-Encoding"] = "gzip"
            body = _gzipped(body)
        return HTTPStatus.OK, body, headers


def chosen(query: str, known: Sequence[str]) -> set[str] | None:
    """The collectors that collect[] or exclude[] leave; None means all."""
    asked = parse_qs(query)
    only, without = set(asked.get("collect[]", ())), set(asked.get("exclude[]", ()))
    if only and without:
        raise ValueError("give collect[] or exclude[], not both")
    if unknown := (only | without).difference(known):
        have = ", ".join(known)
        raise ValueError(f"no collector {min(unknown)!r} is switched on; there are: {have}")
    return only or (set(known) - without if without else None)


def _seconds(asked: Request) -> float:
    try:
        said = float(asked.header("x-prometheus-scrape-timeout-seconds"))
    except ValueError:
        return PATIENCE_SECONDS
    # A margin larger than half of a short timeout would leave no time to gather.
    return max(said - MARGIN_SECONDS, said / 2) if 0 < said < 3600 else PATIENCE_SECONDS


def _gzipped(body: bytes) -> bytes:
    """Level 1: a seventh of level 9's time for a seventh more bytes, measured on such pages."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def serve(addresses: Sequence[str], guard: Guard, telemetry_path: str) -> list[Server]:
    return [Server(address, guard, telemetry_path) for address in addresses]
