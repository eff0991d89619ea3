"""Those who wait for us: what is sent to a reader, and when who waits is looked after."""

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from hyperion_control.border.waiting import STREAM_LOOK_SECONDS, ParkedRequest, ParkedStream
from hyperion_control.guests import IDLE_SECONDS, MOST_AHEAD_BYTES, SLOW_SECONDS, Guest, Reader
from hyperion_control.store.bell import LOOK_SECONDS
from lab.wait import wait_for

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def reader(ours: socket.socket, *, chunked: bool = True) -> Reader:
    return Reader(ours, chunked=chunked, idle=b":\n\n")


def waiting(ours: socket.socket, seconds: float = 60) -> Guest:
    parked = ParkedRequest("tsk_1", time.monotonic() + seconds, lambda: None)
    return Guest.of(SimpleNamespace(sock=ours, data=b"GET / HTTP/1.1\r\n\r\n"), parked)


def streaming(ours: socket.socket) -> Guest:
    parked = ParkedStream("tsk_1", lambda: b"", chunked=True, idle=b"")
    return Guest.of(SimpleNamespace(sock=ours, data=b"GET / HTTP/1.1\r\n\r\n"), parked)


def test_pieces_are_framed_for_those_who_know_chunks_and_the_end_is_told(pair: Pair) -> None:
    ours, theirs = pair
    one = reader(ours)
    one.give(b"data: 1\n\n")
    one.end()
    one.end()
    one.send()
    assert theirs.recv(100) == b"9\r\ndata: 1\n\n\r\n0\r\n\r\n"
    assert not one.behind


def test_others_get_the_bytes_as_they_are(pair: Pair) -> None:
    ours, theirs = pair
    one = reader(ours, chunked=False)
    one.give(b"data: 1\n\n")
    one.end()
    one.send()
    assert theirs.recv(100) == b"data: 1\n\n"


def test_what_is_not_taken_at_once_is_kept_and_no_byte_is_lost(pair: Pair) -> None:
    ours, theirs = pair
    one = reader(ours, chunked=False)
    sent = bytes(range(256)) * 4096
    one.give(sent)
    one.send()
    assert one.behind
    taken = b""
    while len(taken) < len(sent):
        taken += theirs.recv(65536)
        one.send()
    assert taken == sent
    assert not one.behind


def test_silence_is_broken_before_a_proxy_takes_it_for_an_end(pair: Pair) -> None:
    ours, theirs = pair
    one = reader(ours)
    one.reassure()
    assert not one.behind, "it has not been silent for long"
    one.moved -= IDLE_SECONDS
    one.reassure()
    one.send()
    assert theirs.recv(100) == b"3\r\n:\n\n\r\n"


def test_a_stream_forgets_its_request_which_is_not_asked_again(pair: Pair) -> None:
    assert waiting(pair[0]).held == len(waiting(pair[0]).conn.data) > 0
    guest = streaming(pair[0])
    assert (guest.held, guest.conn.data, guest.kind) == (0, b"", "stream")


def test_each_is_looked_after_when_it_is_due(pair: Pair) -> None:
    def soon(guest: Guest) -> float:
        return guest.next_due() - time.monotonic()

    assert soon(waiting(pair[0])) == pytest.approx(LOOK_SECONDS, abs=0.5)
    assert soon(waiting(pair[0], seconds=0.1)) <= 0.1
    slow = streaming(pair[0])
    assert soon(slow) <= STREAM_LOOK_SECONDS < 1
    assert slow.reader
    slow.reader.moved -= 60  # there was nothing to take
    slow.reader.give(b"x")
    assert soon(slow) == pytest.approx(SLOW_SECONDS, abs=0.5), "then it is left"


def test_what_a_client_sends_ahead_is_kept_within_bounds(pair: Pair) -> None:
    ours, theirs = pair
    guest = waiting(ours)
    assert guest.hear(), "it has sent nothing"
    theirs.sendall(b"GET /next")
    assert guest.hear()
    assert guest.ahead == b"GET /next"
    theirs.sendall(b"x" * MOST_AHEAD_BYTES)
    wait_for(lambda: not guest.hear(), 5, "it to have sent too much")


def test_who_goes_away_is_noticed(pair: Pair) -> None:
    ours, theirs = pair
    guest = waiting(ours)
    theirs.close()
    assert not guest.hear()


def test_a_look_that_fails_leads_to_the_view_that_can_say_so() -> None:
    def fails() -> None:
        raise OSError("the database is away")

    assert ParkedRequest("tsk_1", end=float("inf"), ready=fails).due()
    assert not ParkedRequest("tsk_1", end=float("inf"), ready=lambda: None).due()
    assert ParkedRequest("tsk_1", end=0, ready=lambda: None).due()
