"""Real programs in the versions that people run, unpacked into a cache outside the tree."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from hyperion_control.up import packages

POSTGRES = "usr/lib/postgresql/15/bin"

SERVERS = ("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")
# What is unpacked of each suite of Debian.
PACKAGES = {
    "bookworm": (
        *SERVERS,
        *("openssh-server", "postgresql-15", "postgresql-client-15"),
        # Libraries of the three above that a small system lacks.
        *("libcom-err2", "libgssapi-krb5-2", "libicu72", "libk5crypto3", "libkeyutils1"),
        *("libkrb5-3", "libkrb5support0", "libldap-2.5-0", "libpq5", "libsasl2-2", "libssl3"),
        *("libwrap0", "libxml2"),
    ),
    "trixie": (*SERVERS, "promtool"),
    "sid": (*SERVERS, "promtool"),
}

# Where a program lies in its package, and its version in each suite, in the order above.
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "prometheus": ("usr/bin/prometheus", ("2.42", "2.53", "3.5")),
    "promtool": ("usr/bin/promtool", ("2.42", "2.53", "3.5")),
    "alertmanager": ("usr/bin/prometheus-alertmanager", ("0.25", "0.28", "0.33")),
    "amtool": ("usr/bin/amtool", ("0.25", "0.28", "0.33")),
    "node_exporter": ("usr/bin/prometheus-node-exporter", ("1.5", "1.9", "1.11")),
    "postgres": (f"{POSTGRES}/postgres", ("15",)),
    "initdb": (f"{POSTGRES}/initdb", ("15",)),
    "pg_ctl": (f"{POSTGRES}/pg_ctl", ("15",)),
    "pg_dump": (f"{POSTGRES}/pg_dump", ("15",)),
    "psql": (f"{POSTGRES}/psql", ("15",)),
    "sshd": ("usr/sbin/sshd", ("9.2",)),
}


class Missing(Exception):
    """A program or a right that a test needs is not to be had here; says which and why."""


def program(name: str, version: str | None = None) -> Path:
    """Where a program is: of this version, or else the one on PATH, or else the oldest we know."""
    try:
        return find(name, version)
    except Missing as error:
        missing(str(error))


def missing(what: str) -> NoReturn:
    """Skip the test that needs this; where nothing may be skipped silently, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {what}")
    pytest.skip(f"needs {what}")


@cache
def find(name: str, version: str | None = None) -> Path:
    inside, versions = PROGRAMS.get(name, ("", ()))
    on_path = shutil.which(name) or shutil.which(Path(inside).name or name)
    if on_path and not version:
        return Path(on_path)
    wanted = version or next(iter(versions), None)
    if wanted is None:
        raise Missing(f"{name}: not on PATH")
    if wanted not in versions:
        raise Missing(f"{name} {wanted}: the lab knows {', '.join(versions) or 'no version'}")
    suite = list(PACKAGES)[versions.index(wanted)]
    try:
        path = packages.fetch(PACKAGES[suite], folder() / suite, suite) / inside
    except packages.PackageError as error:
        raise Missing(f"{name} {wanted}: {error}") from error
    _check(name, path, wanted)
    return path


def folder() -> Path:
    """Where programs and images are kept between runs."""
    usual = "/var/cache/hyperion-lab" if os.geteuid() == 0 else "~/.cache/hyperion-lab"
    return Path(os.environ.get("HYPERION_LAB", usual)).expanduser().absolute()


def root(path: Path) -> Path | None:
    """The folder of packages that a program was unpacked into; None for an installed one."""
    return next((folder() / suite for suite in PACKAGES if folder() / suite in path.parents), None)


def environment(path: Path) -> dict[str, str]:
    """The environment in which an unpacked program finds the libraries unpacked with it."""
    libraries = [str(found) for found in (root(path) or path).glob("usr/lib/*-linux-gnu*")]
    return os.environ | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})


def as_installed(folder: Path, argv: Sequence[str]) -> list[str]:
    """The command for a program that looks for its own files under /usr/share.

    Debian's Alertmanager does not start without its templates there, and a newer one would take
    those of an installed older one. So this program alone sees its package's files over the
    system's; it keeps its process id and its rights, and the system stays as it is.
    """
    lay = 'mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share && exec "$@"'
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    share = re.sub(r"([\\:,])", r"\\\1", str(folder / "usr/share"))
    laid = ["unshare", *rights, "--mount", "sh", "-c", lay, share]
    # Containers and some systems do not let an ordinary user do so.
    tried = subprocess.run([*laid, "true"], capture_output=True, text=True)
    if tried.returncode:
        missing(f"a view of its own on /usr/share for {argv[0]}: {tried.stderr.strip()}")
    return [*laid, *argv]


def _check(name: str, path: Path, version: str) -> None:
    """Suites move on: a program that is not the promised version must not pass for it."""
    if not path.exists():
        raise Missing(f"{name} {version}: its packages do not hold {path}; see lab/programs.py")
    said = subprocess.run(
        [path, "--version"],
        env=environment(path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
    ).stdout
    if not re.search(rf"(?<![\d.]){re.escape(version)}(?!\d)", said):
        raise Missing(f"{name} {version}: {path} says {said.splitlines()[:1]}; see lab/programs.py")
