"""`hyperion up` as a person starts it: on free ports, with a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from hyperion_control.up.plan import Ports
from lab.servers import end, free_port
from lab.wait import wait_for

HYPERION = Path(sys.executable).parent / "hyperion"


class Up:
    """One run, its ports and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, ports: Ports) -> None:
        self.process = process
        self.output = output
        self.ports = ports

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def wait_until_said(self, words: str, seconds: float) -> None:
        def heard() -> bool:
            if self.process.poll() is not None and not self.said(words):
                pytest.fail(f"it ended: {self.output.read_text()}")
            return self.said(words)

        wait_for(heard, seconds, f"{words!r}; it says {self.output.read_text()}")

    def prometheus(self, path: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.ports.prometheus}/api/v1/{path}", timeout=2) as got:
            return json.load(got)["data"]


def argv(var: Path, ports: Ports) -> list[str]:
    flags = [f"--{name}-port={port}" for name, port in ports.named().items()]
    return [str(HYPERION), "up", f"--var={var}", *flags]


def free_ports() -> Ports:
    return Ports(*(free_port() for _ in Ports().named()))


@contextmanager
def up(var: Path, path: str | None = None) -> Iterator[Up]:
    ports, output = free_ports(), var.parent / "output"
    with output.open("wb") as printed:
        process = subprocess.Popen(
            argv(var, ports),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PATH": path or os.environ["PATH"]},
            start_new_session=True,
        )
    try:
        yield Up(process, output, ports)
    finally:
        end(process)
