"""What answers at the port of SSH may be anything."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from hyperion_control.runners.base import Unreachable
from hyperion_control.runners.line import Hop, Way, connect


def to(port: int) -> Way:
    return Way(Hop("127.0.0.1", "nobody", host_key="", port=port))


@contextmanager
def odd(answer: Callable[[socket.socket], None]) -> Iterator[Way]:
    """To a server that answers who connects in its own way, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with client, suppress(OSError):
                answer(client)

        threading.Thread(target=serve, daemon=True).start()
        yield to(listening.getsockname()[1])


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"SSH-1.5-old\r\n", b"\0" * 100])
def test_a_server_that_says_little_or_nonsense_is_unreachable(said: bytes) -> None:
    with (
        odd(lambda client: client.sendall(said)) as server,
        pytest.raises(Unreachable, match=f"cannot reach 127.0.0.1 port {server.machine.port}"),
    ):
        connect(server)


def test_a_server_that_never_stops_greeting_costs_little() -> None:
    def flood(client: socket.socket) -> None:
        while True:
            client.sendall(b"x" * 65536)

    before = psutil.Process().memory_info().rss
    with odd(flood) as server, pytest.raises(Unreachable):
        connect(server)
    assert psutil.Process().memory_info().rss - before < 50 * 2**20


def test_a_port_that_nobody_listens_on_is_unreachable(free_port: int) -> None:
    with pytest.raises(Unreachable, match=f"cannot reach 127.0.0.1 port {free_port}:.*refused"):
        connect(to(free_port))


def test_what_would_only_read_an_ssh_config_is_not_loaded() -> None:
    script = """
import sys
from hyperion_control.runners import line
print([name for name in sys.modules if name.startswith("invoke.")])
"""
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout
    assert said == b"[]\n"
