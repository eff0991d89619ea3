"""Sockets that systemd opened for us (sd_listen_fds(3))."""

import os
import socket
from collections.abc import Mapping
from typing import Any

from hyperion_exporter.config.settings import ConfigError
from hyperion_exporter.serving.server import Server

FIRST = 3


def handed_over(environ: Mapping[str, str]) -> list[socket.socket]:
    count = int(environ.get("LISTEN_FDS", "0"))
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count:
        raise ConfigError(
            "--web.systemd-socket: systemd handed no socket over; a .socket unit must start us"
        )
    sockets = [socket.socket(fileno=FIRST + number) for number in range(count)]
    if not all(given.family in (socket.AF_INET, socket.AF_INET6) for given in sockets):
        raise ConfigError("--web.systemd-socket: write ListenStream=PORT or ADDRESS:PORT")
    return sockets


class Activated(Server):
    def __init__(self, given: socket.socket, *rest: Any) -> None:
        self._given = given
        super().__init__(":0", *rest)

    def server_bind(self) -> None:
        self.socket.close()
        self.socket = self._given
        self.server_address = self.socket.getsockname()

    def server_activate(self) -> None:
        """It listens already."""
