"""Clients beyond the places, and scrapes beyond their number."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from hyperion_exporter.collector import Block, Collector
from hyperion_exporter.serving.places import Places
from hyperion_exporter.serving.server import Server
from lab.serving import address, ask, serving
from lab.wait import wait_for


class Held(Collector):
    """Collects until it is released."""

    name = "held"
    help = "For tests."

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()

    def collect(self) -> Iterable[Block]:
        self.begun.set()
        self.release.wait(10)
        return []


@contextmanager
def scraping(server: Server, held: Held) -> Iterator[None]:
    """While this scrape is under way."""
    thread = threading.Thread(target=ask, args=(server,))
    thread.start()
    assert held.begun.wait(10)
    try:
        yield
    finally:
        held.release.set()
        thread.join()


def test_the_client_that_said_nothing_for_longest_gives_its_place_up() -> None:
    with serving() as server:
        server.places = Places(2)
        with (
            socket.create_connection(address(server), 10) as first,
            socket.create_connection(address(server), 10) as second,
        ):
            assert ask(server, "/healthz").status == 200
            assert first.recv(1) == b"", "it was shut"
            second.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert second.recv(12) == b"HTTP/1.1 200"


def test_a_client_that_is_being_answered_keeps_its_place_and_others_are_told() -> None:
    held = Held()
    with serving(collectors=[held]) as server:
        server.places = Places(1)
        with scraping(server, held):
            for _ in range(20):
                answer = ask(server, "/healthz")
                assert (answer.status, answer.body) == (
                    503,
                    "too many clients are being answered; try again\n",
                )
        wait_for(lambda: ask(server, "/healthz").status == 200, 10, "the place to be free again")


def test_scrapes_beyond_their_number_are_refused_with_a_reason() -> None:
    held = Held()
    with serving(collectors=[held], max_requests=1) as server:
        with scraping(server, held):
            answer = ask(server)
            assert (answer.status, "scrape less often" in answer.body) == (503, True)
            assert ask(server, "/healthz").status == 200
        assert ask(server).status == 200


def test_a_thread_that_cannot_start_costs_no_place(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving() as server:
        server.places = Places(1)
        for _ in range(3):
            with monkeypatch.context() as patch, pytest.raises(ConnectionError):
                patch.setattr(threading.Thread, "start", full)
                ask(server, "/healthz")
        assert ask(server, "/healthz").status == 200
