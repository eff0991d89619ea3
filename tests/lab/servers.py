"""Programs under test: started on loopback, ready when handed over, gone afterwards."""

import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import programs
from lab.wait import wait_for

READY_SECONDS = 30.0  # Prometheus takes one; a busy machine of two cores may take ten
STOP_SECONDS = 10.0
LAST_LINES = 15


@dataclass(frozen=True)
class Program:
    """A program that a test started."""

    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


@dataclass(frozen=True)
class Server(Program):
    url: str


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    argv: Sequence[object],
    log: Path,
    ready: Callable[[], object] = lambda: True,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
) -> Iterator[Program]:
    """Start a program, wait until it is ready, and end it with all that it started."""
    # Whatever happens to the test run, even SIGKILL: its programs end with it.
    leash = ["setpriv", "--pdeathsig", "KILL", "--"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*leash, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=programs.environment(Path(str(argv[0]))) if env is None else env,
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
        )
    program = Program(process, log)

    def alive_and_ready() -> object:
        if process.poll() is not None:
            pytest.fail(f"{argv[0]} ended with status {process.returncode} before it was ready")
        return ready()

    try:
        try:
            wait_for(alive_and_ready, READY_SECONDS, f"{argv[0]} to be ready")
        except pytest.fail.Exception as failure:
            pytest.fail(f"{failure}; its last lines:\n{program.last_lines()}")
        yield program
    finally:
        end(process)


def end(process: subprocess.Popen[bytes], seconds: float = STOP_SECONDS) -> None:
    """Ask the program to end, then end what is left of its process group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # nothing was left
        os.killpg(process.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as response:
        return bool(response.status == 200)


@contextmanager
def _server(argv: list[str], url: str, health: str, log: Path) -> Iterator[Server]:
    with running(argv, log, lambda: answers(url + health)) as program:
        yield Server(program.process, program.log, url)


@contextmanager
def prometheus(
    config: Path, folder: Path, version: str | None = None, flags: Sequence[str] = ()
) -> Iterator[Server]:
    """Prometheus with this configuration; its data and log go into the folder."""
    path, address = programs.program("prometheus", version), f"127.0.0.1:{free_port()}"
    argv = [
        str(path),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}",
        *flags,
    ]
    with _server(argv, f"http://{address}", "/-/ready", folder / "prometheus.log") as server:
        yield server


@contextmanager
def alertmanager(
    config: Path, folder: Path, version: str | None = None, flags: Sequence[str] = ()
) -> Iterator[Server]:
    """Alertmanager with this configuration; its data and log go into the folder."""
    path, address = programs.program("alertmanager", version), f"127.0.0.1:{free_port()}"
    argv = [
        str(path),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        *flags,
    ]
    if root := programs.root(path):
        argv = programs.as_installed(root, argv)
    with _server(argv, f"http://{address}", "/-/ready", folder / "alertmanager.log") as server:
        yield server


@contextmanager
def node_exporter(
    folder: Path, version: str | None = None, flags: Sequence[str] = ()
) -> Iterator[Server]:
    path, address = programs.program("node_exporter", version), f"127.0.0.1:{free_port()}"
    argv = [str(path), f"--web.listen-address={address}", *flags]
    with _server(argv, f"http://{address}", "/", folder / "node_exporter.log") as server:
        yield server
