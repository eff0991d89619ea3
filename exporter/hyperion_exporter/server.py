"""Serves the page over HTTP: /metrics, /healthz and a landing page."""

import html
import logging
import socket
import zlib
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from hyperion_exporter.guard import Crowded, Guard
from hyperion_exporter.page import OPENMETRICS, TEXT

log = logging.getLogger(__name__)

# Prometheus says how long it waits; our answer must be on its way a little earlier.
MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
# A client that has not sent its request by then, or does not read its answer, is let go.
CLIENT_SECONDS = 10.0

LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Hyperion exporter</title></head>
<body><h1>Hyperion exporter</h1>
<p>The metrics of this machine, in node_exporter's names.</p>
<ul><li><a href="{path}">Metrics</a></li><li><a href="/healthz">Health</a></li></ul>
</body></html>
"""


class BadRequest(ValueError):
    """The sentence says what to ask instead."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, guard: Guard, telemetry_path: str) -> None:
        host, port = split_address(address)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.guard = guard
        self.telemetry_path = telemetry_path
        super().__init__((host, port), Handler)


def split_address(address: str) -> tuple[str, int]:
    """`:9100` means every address, as node_exporter has it; IPv6 stands in square brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address; write HOST:PORT, such as 127.0.0.1:9100")
    return host.strip("[]"), int(port)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "hyperion-exporter"
    sys_version = ""
    timeout = CLIENT_SECONDS
    # An answer leaves in one write; where it is larger than the buffer, the second write must not
    # wait for the client's delayed ACK (44 ms).
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        try:
            if url.path == self.server.telemetry_path:
                self._metrics(url.query)
            elif url.path == "/healthz":
                self._answer(HTTPStatus.OK, b"ok\n")
            elif url.path == "/":
                page = LANDING.format(path=html.escape(self.server.telemetry_path))
                self._answer(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"nothing here; the metrics are elsewhere: /\n")
        except BadRequest as fault:
            self._answer(HTTPStatus.BAD_REQUEST, f"{fault}\n".encode())
        except Crowded:
            text = b"another scrape still runs; scrape less often or with a longer timeout\n"
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, text)

    do_HEAD = do_GET

    def _metrics(self, query: str) -> None:
        names = self._chosen(query)
        form = OPENMETRICS if "application/openmetrics-text" in self._header("Accept") else TEXT
        text = self.server.guard.gather(self._seconds(), form, names)
        if form == OPENMETRICS:
            text += "# EOF\n"
        self._answer(HTTPStatus.OK, text.encode(), form, packed=True)

    def _chosen(self, query: str) -> set[str] | None:
        asked = parse_qs(query)
        only, without = set(asked.get("collect[]", ())), set(asked.get("exclude[]", ()))
        if only and without:
            raise BadRequest("give collect[] or exclude[], not both")
        known = self.server.guard.names
        if unknown := (only | without).difference(known):
            have = ", ".join(known)
            raise BadRequest(f"no collector {min(unknown)!r} is switched on; there are: {have}")
        return only or (set(known) - without if without else None)

    def _seconds(self) -> float:
        try:
            said = float(self._header("X-Prometheus-Scrape-Timeout-Seconds"))
        except ValueError:
            return PATIENCE_SECONDS
        return max(said - MARGIN_SECONDS, said / 2) if said > 0 else PATIENCE_SECONDS

    def _header(self, name: str) -> str:
        value = self.headers.get(name)
        return value or ""

    def _answer(
        self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8",
        packed: bool = False,
    ) -> None:  # fmt: skip
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if packed:
            self.send_header("Vary", "Accept, Accept-Encoding")
            if "gzip" in self._header("Accept-Encoding"):
                body = _gzipped(body)
                self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)


def _gzipped(body: bytes) -> bytes:
    """Level 1: a seventh of level 9's time for a seventh more bytes, measured on such pages."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def serve(addresses: Sequence[str], guard: Guard, telemetry_path: str) -> list[Server]:
    return [Server(address, guard, telemetry_path) for address in addresses]
