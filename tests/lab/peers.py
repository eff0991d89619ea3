"""Web servers that ours is measured beside; what they need is never among what we install."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.programs import folder, missing
from lab.servers import Server, free_port, running

FASTAPI = ("fastapi==0.165.0", "uvicorn[standard]==0.54.0")


@contextmanager
def uvicorn(app: str, room: Path, log: Path, env: Mapping[str, str]) -> Iterator[Server]:
    """With one worker."""
    argv = [interpreter(FASTAPI), "-m", "uvicorn", app, "--no-access-log", "--port"]
    with _serving(argv, room, log, env) as server:
        yield server


@contextmanager
def gthread(app: str, room: Path, log: Path, env: Mapping[str, str]) -> Iterator[Server]:
    """gunicorn with its own worker of 16 threads."""
    argv = [sys.executable, "-m", "gunicorn", "--threads=16", "--no-control-socket", app, "--bind"]
    with _serving(argv, room, log, env, "127.0.0.1:") as server:
        yield server


@contextmanager
def _serving(
    argv: Sequence[object], room: Path, log: Path, env: Mapping[str, str], host: str = ""
) -> Iterator[Server]:
    port = free_port()

    def listens() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    with running([*argv, f"{host}{port}"], log, listens, env=os.environ | env, cwd=room) as started:
        yield Server(started.process, started.log, f"http://127.0.0.1:{port}")


def interpreter(requirements: Sequence[str]) -> Path:
    """A Python of its own that has exactly these; made once."""
    made = folder() / "_".join(requirements)
    if not made.exists():
        _make(made, requirements)
    return made / "bin/python"


def _make(made: Path, requirements: Sequence[str]) -> None:
    partial = made.with_name(f".{os.getpid()}.partial")
    install = [partial / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    try:
        for argv in ([sys.executable, "-m", "venv", partial], [*install, *requirements]):
            subprocess.run(argv, check=True, capture_output=True, text=True)
        partial.rename(made)
    except subprocess.CalledProcessError as error:
        missing(f"{', '.join(requirements)}: {error.stderr.strip()[-300:]}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
