"""gunicorn as the control API runs it."""

import errno
import os
import socket
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from hyperion_control import wsgi
from hyperion_control.errors import StartRefused
from hyperion_control.settings import Address

MEMORY = Path("/dev/shm")  # noqa: S108


class Log(Logger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        """Into our log, in its form, instead of one of gunicorn's own."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


OPTIONS: dict[str, Any] = {
    # One process, so that what /metrics counts is all there is. Its threads mostly wait for the
    # database; whoever needs more than one core runs more of them beside each other.
    "workers": 1,
    "threads": 16,
    "worker_class": "hyperion_control.connections.GatheringWorker",
    # Below the usual limit of 1024 open files, with room for files and database connections.
    "worker_connections": 500,
    # The worker touches a file every second: on a busy disk that could take longer than its life.
    "worker_tmp_dir": str(MEMORY) if os.access(MEMORY, os.W_OK) else None,
    # Whoever stops us kills after 4 s or more.
    "graceful_timeout": 3,
    # Since 25.1 gunicorn opens a socket for commands unless told not to.
    "control_socket_disable": True,
    "logger_class": Log,
    "proc_name": "hyperion-control",
}


class Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, listener: int) -> None:
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        for name, value in OPTIONS.items():
            self.cfg.set(name, value)
        self.cfg.set("bind", f"fd://{self._listener}")

    def load(self) -> Flask:
        """Called in the worker, because threads and connections do not survive a fork."""
        return wsgi.build()


def listen(address: Address) -> int:
    """Taken here and not by gunicorn, which tries a taken port for five seconds."""
    try:
        family, *_, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(target[:2], family=family, backlog=512).detach()
    except OSError as fault:
        raise StartRefused(_sentence(address, fault)) from None


def _sentence(address: Address, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"{address} is taken by another program: set HYPERION_LISTEN or --listen to another"
    return f"cannot listen on {address}: {fault.strerror}; look at HYPERION_LISTEN or --listen"


def serve(address: Address) -> None:
    Server(listen(address)).run()
