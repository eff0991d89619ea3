"""The TCP sockets of this machine."""

import socket

import pytest

from hyperion_exporter.sources import tcp
from lab.wait import wait_for

CLOSE_WAIT, LISTEN = 8, 10


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_each_socket_is_told_with_its_queues(family: int, address: str) -> None:
    with socket.socket(family) as listening:
        listening.bind((address, 0))
        listening.listen(123)
        assert (LISTEN, 0, 123) in tcp.read(), "none waits, as many as we said may"
        with socket.create_connection(listening.getsockname()[:2]) as near:
            far, _ = listening.accept()
            with far:
                near.sendall(b"x" * 4321)
                near.shutdown(socket.SHUT_WR)
                # The end of the stream counts as a byte.
                closed = (CLOSE_WAIT, 4322, 0)
                wait_for(lambda: closed in tcp.read(), 5, "what nobody has read to be counted")
