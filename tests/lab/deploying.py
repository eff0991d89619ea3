"""Programs that a deployment is checked with, which Debian has in one fitting version only."""

from pathlib import Path

from hyperion_control.up import packages
from lab.programs import folder, missing

# Where each lies in the package of its name.
PROGRAMS = {"caddy": "usr/bin/caddy", "docker-compose": "usr/bin/docker-compose"}


def deploying(name: str) -> Path:
    try:
        return packages.fetch([name], folder() / name, "sid") / PROGRAMS[name]
    except packages.PackageError as error:
        missing(str(error))
