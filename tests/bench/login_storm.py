"""How long others wait while some sign in again and again."""

import http.client
import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.table import Row
from control_api.people import PASSWORD
from lab.inhabited import inhabited
from lab.load import load
from lab.servers import Server

CONNECTIONS = 8
STORMERS = 2
SECONDS = 4
ROUNDS = 5


def login_storm() -> Iterable[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(inhabited(folder))
        headers = {"Authorization": f"Bearer {ours.people.login('otto')}"}
        url = f"{ours.server.url}/api/me"
        # The first time, her weak hash of the tests becomes one of full strength.
        sign_in(ours.server)
        pairs = []
        for _ in range(ROUNDS):
            idle = load(url, headers, CONNECTIONS, SECONDS).p99
            with storm(ours.server):
                pairs.append((load(url, headers, CONNECTIONS, SECONDS).p99, idle))
    what = f"p99 of a GET while {STORMERS} sign in, {CONNECTIONS} connections"
    yield Row(what, "ms", "the same while nobody does", pairs, 2.5)


@contextmanager
def storm(server: Server) -> Iterator[None]:
    over = threading.Event()

    def rage() -> None:
        while not over.is_set():
            sign_in(server)

    with ExitStack() as stack:
        stack.callback(over.set)
        for _ in range(STORMERS):
            thread = threading.Thread(target=rage)
            thread.start()
            stack.callback(thread.join)
        stack.callback(over.set)
        yield


def sign_in(server: Server) -> None:
    body = json.dumps({"username": "olga", "password": PASSWORD})
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)) as client:
        headers = {"Content-Type": "application/json"}
        client.request("POST", "/api/auth/api-login/", body, headers)
        answer = client.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
