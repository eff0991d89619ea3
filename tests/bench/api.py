"""What a GET costs whose bearer is looked up in the database, with 32 clients at once."""

import socket
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bench.table import Row
from hyperion_control.serve import OPTIONS
from lab.inhabited import inhabited
from lab.load import Borne, load
from lab.peers import gthread, uvicorn

PEERS = Path(__file__).parent / "peers"
CONNECTIONS = 32
SECONDS = 3
ROUNDS = 5
HALF_OPEN = 3 * OPTIONS["threads"]


def api() -> Iterable[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(inhabited(folder))
        headers = {"Authorization": f"Bearer {ours.people.login('otto')}"}
        env = {"DATABASE": str(ours.database)}
        servers = [
            ours.server,
            stack.enter_context(uvicorn("fast:app", PEERS, folder / "fast.log", env)),
            stack.enter_context(gthread("naive:app", PEERS, folder / "naive.log", env)),
        ]
        urls = [f"{server.url}/api/me" for server in servers]
        for url in urls:
            load(url, headers, CONNECTIONS, 1)
        # A request with an id of its own is never answered with what others were told.
        named = {**headers, "X-Request-Id": "bench"}
        asks = [(urls[0], headers), (urls[0], named), (urls[1], headers), (urls[2], headers)]
        rounds = [[load(*ask, CONNECTIONS, SECONDS) for ask in asks] for _ in range(ROUNDS)]
        beside = _beside_half_open(ours.server.url)
    fastapi, naive = "FastAPI + uvicorn, one worker", "Flask, a connection to SQLite each time"
    get = f"a token-checked GET, {CONNECTIONS} connections"
    yield _times(get, fastapi, [(mine, fast) for mine, _, fast, _ in rounds], 1.0)
    yield _times(get, naive, [(mine, naive) for mine, _, _, naive in rounds], 0.4)
    alone = "one that nobody was answered before"
    yield _times(alone, naive, [(mine, naive) for _, mine, _, naive in rounds], 1.0)
    p99s = [(mine.p99, fast.p99) for mine, _, fast, _ in rounds]
    yield Row(f"p99 of {get}", "ms", fastapi, p99s, 1.0)
    what = f"p99 of /healthz beside {HALF_OPEN} half-open requests"
    yield Row(what, "ms", "what is promised", [(beside, 1000)], 1.0)


def _times(what: str, peer: str, pairs: list[tuple[Borne, Borne]], reach: float) -> Row:
    times = [(1e6 / mine.a_second, 1e6 / theirs.a_second) for mine, theirs in pairs]
    return Row(what, "us", peer, times, reach)


def _beside_half_open(url: str) -> float:
    place = urlsplit(url)
    with ExitStack() as stack:
        for _ in range(HALF_OPEN):
            address = (place.hostname, place.port)
            client = stack.enter_context(socket.create_connection(address))
            client.sendall(b"GET /healthz HTTP/1.1\r\n")
        return load(f"{url}/healthz", {}, 8, SECONDS).p99
