"""One address for Grafana's pages and for what is behind it, as the proxy of the stack makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

GRAFANA = "/grafana"
# Between two of three programs only, and never passed on.
OWN = ("connection", "keep-alive", "transfer-encoding")


class Door(ThreadingHTTPServer):
    """Shut until it is known what is behind it, because that may have to know its address."""

    daemon_threads = True
    behind = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def door() -> Iterator[Door]:
    with Door(("127.0.0.1", 0), _Passing) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Passing(BaseHTTPRequestHandler):
    server: Door

    def do_GET(self) -> None:
        if self.path == GRAFANA:
            self._answer(200, [("Content-Type", "text/html")], b"<title>Grafana</title><main>")
        else:
            self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        behind = HTTPConnection(urlsplit(self.server.behind).netloc, timeout=60)
        try:
            behind.request(self.command, self.path, body, dict(self.headers))
            answer = behind.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            behind.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in (*OWN, "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The browser tells of what fails."""
