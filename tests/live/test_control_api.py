"""The control API as it runs: gunicorn, its worker, and those who wish it ill."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from hyperion_control.border.bodies import MAX_BODY_BYTES, MOST_BODY_BYTES
from hyperion_control.connections import REQUEST_SECONDS
from hyperion_control.serve import OPTIONS
from lab.ours import BIN, control_api
from lab.servers import Server, free_port, running
from lab.wait import wait_for

GET = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: "
HALF_BODY = b"POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_api(tmp_path_factory.mktemp("api")) as server:
        yield server


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """For who ends it, or spoils its database."""
    with control_api(tmp_path) as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the database of `mortal`."""
    file = tmp_path / "control" / "control.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def get(url: str, seconds: float = 5) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()


def connect(api: Server) -> socket.socket:
    client = socket.socket()
    client.settimeout(5)
    # Small, so that the kernel does not do the reading for a client that does not read.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", int(api.url.rpartition(":")[2])))
    return client


def read_all(client: socket.socket) -> bytes:
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def exchange(api: Server, request: bytes) -> bytes:
    with connect(api) as client:
        client.sendall(request)
        return read_all(client)


def check(api: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(f"{api.url}/readyz")[1])["checks"][name]
    return found


@contextmanager
def attackers(api: Server, *kinds: bytes) -> Iterator[list[socket.socket]]:
    """Of each kind three times as many as there are threads: they send this and no more."""
    with ExitStack() as stack:
        clients = []
        for sent in kinds:
            for _ in range(3 * OPTIONS["threads"]):
                clients.append(stack.enter_context(connect(api)))
                clients[-1].sendall(sent)
        yield clients


def assert_quick(api: Server) -> None:
    for _ in range(5):
        begun = time.monotonic()
        assert get(f"{api.url}/healthz")[0] == 200
        assert time.monotonic() - begun < REQUEST_SECONDS / 2, "it waits for none of them"


def test_the_three_endpoints_answer(api: Server) -> None:
    assert get(f"{api.url}/healthz") == (200, '{"status":"ok"}\n')
    assert get(f"{api.url}/readyz")[0] == 200
    status, page = get(f"{api.url}/metrics")
    assert status == 200
    assert "hyperion_control_database_up 1.0" in page
    assert 'route="/healthz",status="200"' in page


def test_the_log_has_one_json_object_a_line(api: Server) -> None:
    lines = api.log.read_text().splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["info"] * len(lines) != []


def test_half_open_connections_stop_nobody_and_are_closed(api: Server) -> None:
    with attackers(api, b"", HALF_HEAD, HALF_BODY) as clients:
        assert_quick(api)
        begun = time.monotonic()
        for client in clients:
            client.settimeout(REQUEST_SECONDS + 5)
            assert client.recv(1) == b""
        assert time.monotonic() - begun < REQUEST_SECONDS + 3


def test_clients_that_never_close_stop_nobody(api: Server) -> None:
    with attackers(api, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")):
        assert_quick(api)


def test_clients_that_never_read_stop_nobody(api: Server) -> None:
    # Together more than the kernel holds for one of them.
    with attackers(api, GET.replace(b"healthz", b"metrics") * 200):
        until = time.monotonic() + REQUEST_SECONDS  # by then each of them has filled its share
        while time.monotonic() < until:
            assert_quick(api)


def test_a_client_that_drips_gains_no_time(api: Server) -> None:
    with connect(api) as client:
        client.sendall(HALF_HEAD)
        begun = time.monotonic()

        def dripped() -> bool:
            try:
                client.sendall(b"x")
                client.settimeout(0.2)
                return client.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_for(dripped, REQUEST_SECONDS + 5, "the connection to be closed")
        assert REQUEST_SECONDS - 1 < time.monotonic() - begun < REQUEST_SECONDS + 3


def test_a_request_may_come_byte_by_byte_and_another_after_it(api: Server) -> None:
    with connect(api) as client:
        for byte in GET:
            client.sendall(bytes([byte]))
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1 404 " in read_all(client)


def test_requests_sent_at_once_are_answered_in_turn(api: Server) -> None:
    answer = exchange(
        api,
        b"GET /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    )
    assert answer.index(b"HTTP/1.1 404 ") < answer.index(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: a\r\n" * 101 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        (b"<script>\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_is_refused_in_the_shape_of_all_others(
    api: Server, request_: bytes, status: int
) -> None:
    head, _, body = exchange(api, request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Content-Type-Options: nosniff" in head
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["request_id"] in api.log.read_text()
    assert b"<script>" not in body


def test_a_large_body_is_read_only_where_a_view_takes_one(api: Server) -> None:
    large = b"x" * (MAX_BODY_BYTES + 1)
    head = b"POST /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert exchange(api, head % len(large) + large).startswith(b"HTTP/1.1 413 ")


def test_a_body_over_the_limit_is_refused_before_it_is_sent(api: Server) -> None:
    answer = exchange(
        api,
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1) + GET,
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1") == 1, "what follows is no request"


def test_a_body_in_chunks_is_refused(api: Server) -> None:
    answer = exchange(
        api,
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        + GET,
    )
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert answer.count(b"HTTP/1.1") == 1, "what follows is no request"


def test_a_client_that_asks_before_it_sends_is_encouraged(api: Server) -> None:
    with connect(api) as client:
        client.sendall(
            b"POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"body")
        assert b"HTTP/1.1 405 " in read_all(client)


def test_the_version_of_the_server_is_not_told(api: Server) -> None:
    with urllib.request.urlopen(f"{api.url}/healthz") as answer:
        assert answer.headers["Server"] == "gunicorn"


def test_sigterm_ends_it_before_its_clients_are_through_without_orphans(mortal: Server) -> None:
    started = psutil.Process(mortal.process.pid)
    everyone = [started, *started.children(recursive=True)]
    assert len(everyone) == 2
    with attackers(mortal, HALF_HEAD):
        begun = time.monotonic()
        mortal.process.send_signal(signal.SIGTERM)
        assert mortal.process.wait(10) == 0
        assert time.monotonic() - begun < REQUEST_SECONDS
    assert psutil.wait_procs(everyone, timeout=0)[1] == []


def test_a_killed_master_leaves_no_orphan(mortal: Server) -> None:
    children = psutil.Process(mortal.process.pid).children(recursive=True)
    mortal.process.kill()
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_locked_database_is_told_and_survived(
    mortal: Server, database: sqlite3.Connection, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    database.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    status, body = get(f"{mortal.url}/readyz")
    assert time.monotonic() - begun < 2.5
    assert status == 503
    assert "the database is locked by another program" in body
    assert get(f"{mortal.url}/healthz")[0] == 200
    assert "hyperion_control_database_up 0.0" in get(f"{mortal.url}/metrics")[1]
    # Each chore that meets the lock says so once; those that come before this one wait as well.
    complaint = "cannot mark that this worker lives, trying again: the database is locked"
    wait_for(lambda: complaint in log.read_text(), 40, "a complaint")
    database.execute("ROLLBACK")
    wait_for(lambda: get(f"{mortal.url}/readyz")[0] == 200, 5, "readiness to come back")
    wait_for(lambda: "lives again" in log.read_text(), 15, "the worker to mark again")
    assert log.read_text().count(complaint) == 1


def test_a_worker_that_was_killed_is_missed(tmp_path: Path) -> None:
    env = os.environ | {"HYPERION_DATA": str(tmp_path)}
    address = f"127.0.0.1:{free_port()}"
    program = BIN / "hyperion-control"
    subprocess.run([program, "init"], env=env, check=True, capture_output=True)
    url = f"http://{address}"
    serve = [program, "serve", "--listen", address]
    with running(serve, tmp_path / "api.log", lambda: get(f"{url}/healthz"), env=env) as started:
        api = Server(started.process, started.log, url)
        with running([program, "worker"], tmp_path / "worker.log", env=env) as worker:
            wait_for(lambda: check(api, "worker")["ok"], 10, "the worker to be seen")
            worker.process.kill()
            worker.process.wait()
        # As if half a minute had gone by since.
        with closing(sqlite3.connect(tmp_path / "control.sqlite")) as database, database:
            database.execute("UPDATE workers SET seen_at = datetime(seen_at, '-31 seconds')")
        said = check(api, "worker")
    assert said["ok"] is False
    assert "no worker was seen for 3" in said["detail"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_at_once_when_told(tmp_path: Path, number: signal.Signals) -> None:
    env = os.environ | {"HYPERION_DATA": str(tmp_path)}
    program, log = BIN / "hyperion-control", tmp_path / "worker.log"
    subprocess.run([program, "init"], env=env, check=True, capture_output=True)
    with running([program, "worker"], log, lambda: "started as" in log.read_text(), env=env) as w:
        w.process.send_signal(number)
        # On a busy computer it is seconds; it would give up on what it waits for after fourteen.
        assert w.process.wait(10) == 0
    assert f"ended by {number.name}" in log.read_text()
