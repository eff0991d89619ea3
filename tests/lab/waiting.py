"""A room of people who wait: an API with views that wait, and the bytes that clients exchange."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from control_api.people import People
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts
from lab.ours import BIN
from lab.servers import Server, answers, free_port, running
from lab.wait import wait_for

WAITING = r'hyperion_control_waiting\{kind="%s"\} ([0-9]+)\.0'


@dataclass(frozen=True)
class Room:
    """An API with views that wait; see lab/waiting_room."""

    server: Server
    people: People

    def connect(self) -> socket.socket:
        client = socket.socket()
        client.settimeout(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", int(self.server.url.rpartition(":")[2])))
        return client

    def ring(self, topic: str, news: bytes) -> None:
        url = f"{self.server.url}/ring/{topic}"
        urllib.request.urlopen(url, data=news, timeout=10).close()

    def waiting(self, kind: str = "request") -> int:
        with urllib.request.urlopen(f"{self.server.url}/metrics", timeout=10) as answer:
            found = re.search(WAITING % kind, answer.read().decode())
        return int(found[1]) if found else 0

    def wait_for(self, number: int, kind: str = "request") -> None:
        wait_for(lambda: self.waiting(kind) == number, 20, f"{number} to wait")


def environment(folder: Path) -> dict[str, str]:
    data = folder / "control"
    return {"HYPERION_DATA": str(data), "HYPERION_LISTEN": f"127.0.0.1:{free_port()}"}


@contextmanager
def serving(folder: Path, env: dict[str, str], leash: tuple[str, ...] = ()) -> Iterator[Room]:
    env = os.environ | env | {"PYTHONPATH": os.pathsep.join(sys.path)}
    url = f"http://{env['HYPERION_LISTEN']}"
    argv = [*leash, sys.executable, "-m", "lab.waiting_room"]
    log = folder / f"{env['HYPERION_LISTEN']}.log"
    settings = Settings.from_env({k: v for k, v in env.items() if k.startswith("HYPERION_")})
    with (
        running(argv, log, lambda: answers(f"{url}/healthz"), env=env) as started,
        closing(Parts.build(settings)) as parts,
    ):
        yield Room(Server(started.process, started.log, url), People(parts))


def begin(folder: Path, env: dict[str, str]) -> None:
    program = BIN / "hyperion-control"
    subprocess.run([program, "init"], env=os.environ | env, check=True, capture_output=True)


def asked(
    path: str, *fields: str, method: str = "GET", version: str = "1.1", body: str = ""
) -> bytes:
    head = [f"{method} {path} HTTP/{version}", "Host: h", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", body]).encode()


def answered(client: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(client)
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"Content-Length: ([0-9]+)", head)
    assert found, head
    while len(body) < int(found[1]):
        body += received(client)
    assert len(body) == int(found[1])
    return head + b"\r\n\r\n" + body


def received(client: socket.socket) -> bytes:
    data = client.recv(65536)
    assert data, "the connection was closed"
    return data


def read_until(client: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        data += received(client)
    return data


def all_of(client: socket.socket) -> bytes:
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data
