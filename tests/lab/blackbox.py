"""Debian's blackbox exporter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperion_control.up import packages
from lab import programs
from lab.servers import Server, answers, free_port, running

PACKAGE = "prometheus-blackbox-exporter"


@contextmanager
def blackbox(config: Path, folder: Path) -> Iterator[Server]:
    try:
        root = packages.fetch([PACKAGE], programs.folder() / PACKAGE, "sid")
    except packages.PackageError as error:
        programs.missing(str(error))
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    argv = [
        root / "usr/bin" / PACKAGE,
        f"--config.file={config}",
        f"--web.listen-address={address}",
    ]
    with running(argv, folder / "blackbox.log", lambda: answers(f"{url}/-/healthy")) as started:
        yield Server(started.process, started.log, url)
