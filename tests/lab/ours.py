"""Our own programs, started as a person starts them, on free ports of loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.servers import Server, answers, free_port, running

BIN = Path(sys.executable).parent


@contextmanager
def exporter(folder: Path, flags: Sequence[str] = ()) -> Iterator[Server]:
    address = f"127.0.0.1:{free_port()}"
    argv = [BIN / "hyperion-exporter", f"--web.listen-address={address}", *flags]
    url = f"http://{address}"
    with running(argv, folder / "exporter.log", lambda: answers(f"{url}/healthz")) as started:
        yield Server(started.process, started.log, url)


@contextmanager
def control_api(folder: Path) -> Iterator[Server]:
    """The API and its worker, with a database of their own below the folder."""
    address = f"127.0.0.1:{free_port()}"
    env = os.environ | {"HYPERION_DATA": str(folder / "control"), "HYPERION_LISTEN": address}
    program, url = BIN / "hyperion-control", f"http://{address}"
    subprocess.run([program, "init"], env=env, check=True, capture_output=True)
    with (
        running([program, "worker"], folder / "worker.log", env=env),
        running(
            [program, "serve"], folder / "serve.log", lambda: answers(f"{url}/readyz"), env=env
        ) as started,
    ):
        yield Server(started.process, started.log, url)
