"""When a request has arrived whole: the question before it may take a thread."""

import pytest

from hyperion_control.border.bodies import MOST_BODY_BYTES
from hyperion_control.connections import MAX_HEAD_BYTES, REFUSED, length_of

GET = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def post(headers: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\n" + headers + b"\r\n\r\n"


def test_a_request_without_a_body_ends_with_its_head() -> None:
    assert length_of(GET) == len(GET)


def test_the_next_request_on_the_connection_is_not_part_of_it() -> None:
    assert length_of(GET + GET) == len(GET)


@pytest.mark.parametrize(
    "header", [b"Content-Length: 5", b"content-length:5", b"A: b\r\nCONTENT-LENGTH: \t5 \r\nC: d"]
)
def test_a_body_counts_in_any_writing_of_its_length(header: bytes) -> None:
    assert length_of(post(header)) == len(post(header)) + 5


def test_a_length_inside_the_body_or_in_a_longer_name_does_not_count() -> None:
    assert length_of(post(b"X-Content-Length: 7")) == len(post(b"X-Content-Length: 7"))
    assert length_of(GET + b"\r\nContent-Length: 7\r\n\r\n") == len(GET)


@pytest.mark.parametrize("cut", [0, 3, 21, len(GET) - 1])
def test_a_head_cut_anywhere_is_unfinished(cut: int) -> None:
    assert length_of(GET[:cut]) is None


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d" % (MOST_BODY_BYTES + 1),
        b"Content-Length: " + b"9" * 5000,
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Transfer-Encoding: chunked",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_body_that_will_be_refused_is_not_waited_for(header: bytes) -> None:
    assert length_of(post(header)) == REFUSED


def test_a_head_without_end_is_handed_on_to_be_refused() -> None:
    endless = b"GET /" + b"a" * MAX_HEAD_BYTES
    assert length_of(endless) == REFUSED
