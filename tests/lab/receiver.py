"""A receiver of webhooks on loopback that keeps what it gets and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    url: str
    requests: list[Request] = field(default_factory=list)  # in the order in which they came
    status: int = 200
    answer: bytes = b"{}"
    cuts: int = 0  # so many of the next requests are kept, and their connections cut
    # Cleared: what comes in is kept at once and answered only when this is set again.
    may_answer: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver("")
    kept.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.requests.append(Request(self.command, self.path, headers, raw))
            kept.may_answer.wait()
            if kept.cuts:
                kept.cuts -= 1
                self.close_connection = True
                return
            with suppress(ConnectionError):  # who asked has given up
                self._say()

        def _say(self) -> None:
            self.send_response(kept.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(kept.answer)))
            self.end_headers()
            self.wfile.write(kept.answer)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet: what came is in requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield kept
        finally:
            kept.may_answer.set()
            server.shutdown()
            serving.join()
