"""The exporter's server within the test's own process, and one question to it."""

import http.client
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hyperion_exporter.collector import Collector
from hyperion_exporter.guard import Guard
from hyperion_exporter.serving.gate import Gate
from hyperion_exporter.serving.server import MAX_REQUESTS, Server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


@contextmanager
def serving(
    gate: Gate | None = None,
    collectors: Sequence[Collector] = (),
    max_requests: int = MAX_REQUESTS,
) -> Iterator[Server]:
    server = Server("127.0.0.1:0", Guard(collectors), "/metrics", gate, max_requests)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address(server: Server) -> tuple[str, int]:
    host, port = server.server_address[:2]
    return str(host), int(port)


def ask(
    server: Server,
    path: str = "/metrics",
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    where, client = address(server), http.client.HTTPConnection(*address(server), timeout=10)
    if context:
        client = http.client.HTTPSConnection(*where, timeout=10, context=context)
    try:
        client.request("GET", path, headers=dict(headers or {}))
        response = client.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read().decode())
    finally:
        client.close()
