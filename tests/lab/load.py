"""Many clients that ask at once: Debian's wrk."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from hyperion_control.up import packages
from lab.programs import folder, missing

# With the library that a small system lacks.
PACKAGES = ("wrk", "libluajit-5.1-2")
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Borne:
    """How a server bore it."""

    a_second: float
    p99: float  # milliseconds


def load(url: str, headers: Mapping[str, str], connections: int, seconds: int) -> Borne:
    """Every client asks again as soon as it has its answer."""
    try:
        unpacked = packages.fetch(PACKAGES, folder() / PACKAGES[0], "bookworm")
    except packages.PackageError as error:
        missing(str(error))
    argv = [str(unpacked / "usr/bin/wrk"), "--latency", "-t1", f"-c{connections}", f"-d{seconds}s"]
    argv += [f"-H{name}: {value}" for name, value in headers.items()]
    libraries = ":".join(map(str, unpacked.glob("usr/lib/*-linux-gnu*")))
    env = os.environ | {"LD_LIBRARY_PATH": libraries}
    said = subprocess.run([*argv, url], env=env, capture_output=True, check=True, text=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    (rate,), (p99, unit) = (
        _found(r"^Requests/sec: +(\S+)$", said),
        _found(r"99% +(\S+?)(us|ms|s)$", said),
    )
    return Borne(float(rate), float(p99) * MILLISECONDS[unit])


def _found(pattern: str, said: str) -> tuple[str, ...]:
    match = re.search(pattern, said, re.MULTILINE)
    assert match, said
    return match.groups()
