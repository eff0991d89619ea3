"""What must hold before anything starts; each refusal is one sentence that says what to do."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from hyperion_control.errors import StartRefused

# While they are unpacked, Prometheus and Alertmanager with their pages take 360 MB (140 later),
# their archives and the lists of packages 100; the rest is room for samples.
NEEDED_MB = 600
OTHER = "or choose another folder with --var"


@contextmanager
def only_run(var: Path) -> Iterator[None]:
    """Hold the folder; the kernel lets it go when this process ends, however it ends."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = (var / "up.lock").open("a+")
    except OSError as fault:
        raise _unwritable(var, fault) from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartRefused(
                f"it already runs on {var} (process {lock.read().strip()}): stop that one first,"
                " or give this one another folder with --var and other ports"
            ) from None
        lock.truncate(0)
        with _writing(var):
            print(os.getpid(), file=lock, flush=True)
        yield


def writable(var: Path) -> None:
    trial = var / ".trial"
    with _writing(var):
        trial.write_bytes(bytes(4096))
    trial.unlink()


def room(var: Path) -> None:
    free = shutil.disk_usage(var).free // 2**20
    if free < NEEDED_MB:
        raise StartRefused(
            f"{var} has {free} MB of free disk and needs {NEEDED_MB}: free some, {OTHER}"
        )


def ports(wanted: Mapping[str, int]) -> None:
    seen: dict[int, str] = {}
    for name, port in wanted.items():
        if port in seen:
            raise StartRefused(
                f"port {port} is meant for both {seen[port]} and {name}: change --{name}-port"
            )
        seen[port] = name
        _free(name, port)


def _free(name: str, port: int) -> None:
    with socket.socket() as trial:
        # As the programs do: a port that only lingers after its last connection is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError:
            raise StartRefused(
                f"port {port} needs root: choose one above 1023 with --{name}-port"
            ) from None
        except OSError:
            raise StartRefused(
                f"port {port} is taken{_holder(port)}: stop what holds it,"
                f" or choose another with --{name}-port"
            ) from None


def _holder(port: int) -> str:
    """Who listens there, as far as this user may see."""
    with suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr[1:] == (port,) and each.pid:
                return f" by {psutil.Process(each.pid).name()} (process {each.pid})"
    return ""


@contextmanager
def _writing(var: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise _unwritable(var, fault) from fault


def _unwritable(var: Path, fault: OSError) -> StartRefused:
    reason = (fault.strerror or "unknown reason").lower()
    return StartRefused(f"cannot write in {var} ({reason}): mend that, {OTHER}")
