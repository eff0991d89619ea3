"""Debian's process-exporter, under rules that ours obeys too."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hyperion_control.up import packages
from lab.programs import folder, missing
from lab.servers import Server, answers, free_port, running

PACKAGE = "prometheus-process-exporter"
VERSION = "0.8.7"


def program() -> Path:
    try:
        root = packages.fetch([PACKAGE], folder() / PACKAGE, "sid")
    except packages.PackageError as error:
        missing(str(error))
    path = root / "usr/bin" / PACKAGE
    said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
    if not re.search(rf"revision: {re.escape(VERSION)}\b", said.stdout + said.stderr):
        missing(f"process-exporter {VERSION}: {path} says {said.stdout.splitlines()[:1]}")
    return path


@contextmanager
def process_exporter(rules: Path, folder: Path, flags: Sequence[str] = ()) -> Iterator[Server]:
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    argv = [program(), f"-config.path={rules}", f"-web.listen-address={address}", *flags]
    with running(argv, folder / "process_exporter.log", lambda: answers(url)) as started:
        yield Server(started.process, started.log, url)
