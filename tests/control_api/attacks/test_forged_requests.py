"""Two requests in one, and headers that only a proxy may send: at the real server, by socket."""

import socket
import urllib.parse
from collections.abc import Iterator

import pytest

from lab.ours import control_api
from lab.servers import Server

pytestmark = pytest.mark.live

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
# What each hides is seen by a server that reads its length in another way than the one in front.
HIDING = {
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n",
    "two lengths in one": b"Content-Length: 0, %d\r\n",
    "chunks and a length": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
    "chunks, spelled oddly": b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n",
    "chunks behind a tab": b"Content-Length: %d\r\nTransfer-Encoding:\tchunked\r\n",
    "chunks in vertical space": b"Content-Length: %d\r\nTransfer-Encoding: \x0bchunked\r\n",
    "chunks in a folded line": b"Content-Length: %d\r\nX: y\r\n Transfer-Encoding: chunked\r\n",
    "chunks by another name": b"Content-Length: %d\r\nTransfer_Encoding: chunked\r\n",
    "two codings": b"Content-Length: %d\r\nTransfer-Encoding: gzip, chunked\r\n",
    "a plus": b"Content-Length: +%d\r\n",
    "a hexadecimal": b"Content-Length: 0x%x\r\n",
    "a bare newline": b"X: y\nContent-Length: %d\r\n",
    "a bare return": b"X: y\rContent-Length: %d\r\n",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_api(tmp_path_factory.mktemp("api")) as server:
        yield server


def answers(api: Server, sent: bytes) -> bytes:
    """All that comes until the server closes, or has said nothing for a while."""
    url = urllib.parse.urlsplit(api.url)
    said = b""
    with socket.create_connection((url.hostname, url.port), timeout=2) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            said += piece
    return said


@pytest.mark.parametrize("how", HIDING)
def test_a_request_within_a_request_is_never_answered(api: Server, how: str) -> None:
    header = HIDING[how] % len(SMUGGLED)
    said = answers(api, b"POST /healthz HTTP/1.1\r\nHost: h\r\n" + header + b"\r\n" + SMUGGLED)
    statuses = [line.split()[1] for line in said.splitlines() if line.startswith(b"HTTP/1.1 ")]
    assert len(statuses) == 1, said
    assert statuses[0][:1] == b"4", said
    assert b"/smuggled" not in said


def test_two_honest_requests_are_two(api: Server) -> None:
    honest = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    assert answers(api, honest + honest).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-A: \x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-A\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: h\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_server_lives(api: Server, head: bytes) -> None:
    assert answers(api, head).split()[1][:1] in (b"4", b"5")
    assert b"200 OK" in answers(api, b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")


@pytest.mark.parametrize(
    "header",
    [
        b"X-Forwarded-For: 203.0.113.9",
        b"X_Forwarded_For: 203.0.113.9",
        b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 203.0.113.10",
        b"Forwarded: for=203.0.113.9",
        b"X-Real-Ip: 203.0.113.9",
        b"Remote_Addr: 203.0.113.9",
        b"Forwarder-Proxy: PROXY TCP4 203.0.113.9 127.0.0.1 1 2",
        b"Script_Name: /x",
        b"X-Forwarded-Proto: https",
    ],
)
def test_nobody_forges_where_a_request_comes_from(api: Server, header: bytes) -> None:
    body = b'{"username": "nobody", "password": "wrong"}'
    length = b"Content-Length: %d\r\nContent-Type: application/json\r\n" % len(body)
    head = b"POST /api/auth/token HTTP/1.1\r\nHost: h\r\n" + length + header + b"\r\n\r\n"
    said = answers(api, head + body)
    assert said.split()[1] in (b"401", b"400", b"429"), said
    assert b"Strict-Transport-Security" not in said
    kept = (api.log.parent / "control").glob("control.sqlite*")
    assert b"203.0.113" not in b"".join(file.read_bytes() for file in kept)
