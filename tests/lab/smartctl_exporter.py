"""Debian's smartctl_exporter, asking a smartctl of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperion_control.up import packages
from lab.programs import folder, missing
from lab.servers import Server, answers, free_port, running

# 0.14; its package does not have it say so.
PACKAGE = "prometheus-smartctl-exporter"


def program() -> Path:
    try:
        return packages.fetch([PACKAGE], folder() / PACKAGE, "sid") / "usr/bin/smartctl_exporter"
    except packages.PackageError as error:
        missing(str(error))


@contextmanager
def smartctl_exporter(smartctl: Path, folder: Path) -> Iterator[Server]:
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    argv = [program(), f"--smartctl.path={smartctl}", f"--web.listen-address={address}"]
    with running(argv, folder / "smartctl_exporter.log", lambda: answers(url)) as started:
        yield Server(started.process, started.log, url)
