"""Pages of metrics: fetched as Prometheus does, and read back, so that two can be compared."""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client.parser import text_string_to_metric_families

from lab.servers import Server

# A sample is known by its name and its labels.
Key = tuple[str, frozenset[tuple[str, str]]]
Samples = dict[Key, float]


def scrape(server: Server, timeout: str = "10") -> str:
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": timeout}
    request = urllib.request.Request(f"{server.url}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=float(timeout)) as answer:
        return str(answer.read().decode())


def samples(page: str) -> Samples:
    return {
        # An empty label is, to Prometheus, no label.
        (sample.name, frozenset((k, v) for k, v in sample.labels.items() if v)): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def names(page: str) -> set[str]:
    """Those of the samples as they stand: the parser puts _total on a counter that lacks it."""
    return set(re.findall(r"^[a-zA-Z_:][a-zA-Z0-9_:]*", page, re.MULTILINE))


@contextmanager
def served(page: str) -> Iterator[str]:
    """The address of who gives this page, whatever path is asked for: any number of machines."""
    body = page.encode()

    class Machine(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are nothing to tell of."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Machine) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
