"""Requests as clients send them, whole, in pieces, too large or wrong."""

import socket
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from hyperion_exporter.serving.http import MAX_HEAD_BYTES, Connection, Refused, parse


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Connection]]:
    client, peer = socket.socketpair()
    with client, peer:
        yield client, Connection(peer)


def test_a_request_is_read() -> None:
    request = parse(b"GET /metrics?a=b HTTP/1.1\r\nHost: x\r\nACCEPT:  text/plain; q=0.5 ")
    assert (request.method, request.target) == ("GET", "/metrics?a=b")
    assert request.header("accept") == "text/plain; q=0.5"
    assert request.header("missing") == ""


@pytest.mark.parametrize(
    ("line", "lasting"),
    [
        (b"HTTP/1.1", True),
        (b"HTTP/1.1\r\nConnection: close", False),
        (b"HTTP/1.1\r\nConnection: Close", False),
        (b"HTTP/1.0", False),
        (b"HTTP/1.0\r\nConnection: Keep-Alive", True),
    ],
)
def test_a_connection_lasts_as_the_client_wants(line: bytes, lasting: bool) -> None:
    assert parse(b"GET / " + line).lasting is lasting


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", HTTPStatus.BAD_REQUEST),
        (b"GET /", HTTPStatus.BAD_REQUEST),
        (b"GET  / HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/2", HTTPStatus.BAD_REQUEST),
        (b"\x16\x03\x01\x02\x00\x01\x00", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\nno colon", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\n: no name", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\nblank : x", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\nA: 1\r\n folded: 2", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\nContent-Length: 3", HTTPStatus.BAD_REQUEST),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked", HTTPStatus.BAD_REQUEST),
        (b"POST / HTTP/1.1", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"get / HTTP/1.1", HTTPStatus.METHOD_NOT_ALLOWED),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: HTTPStatus) -> None:
    with pytest.raises(Refused) as refused:
        parse(head)
    assert refused.value.status == status


def test_requests_come_one_after_another_however_they_are_cut(
    ends: tuple[socket.socket, Connection],
) -> None:
    client, connection = ends
    client.sendall(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nA: b\r\n\r\nGET /3 HT")
    found = [connection.next()]
    client.sendall(b"TP/1.1\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    found += [connection.next() for _ in range(3)]
    assert [request.target if request else None for request in found] == ["/1", "/2", "/3", None]


def test_a_client_that_leaves_halfway_is_gone(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"GET / HTTP/1.1\r\nHo")
    client.shutdown(socket.SHUT_WR)
    assert connection.next() is None


def test_a_request_without_end_is_refused(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.setblocking(False)
    client.send(b"GET /" + b"x" * (2 * MAX_HEAD_BYTES))
    with pytest.raises(Refused) as refused:
        connection.next()
    assert refused.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
