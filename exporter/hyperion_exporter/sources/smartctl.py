"""smartctl: the few questions we ask it."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hyperion_exporter.sources.program import Output, run

# Where it lies; the PATH of an ordinary user often lacks the first two.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin")
# What it exits with when the disk sleeps; its own default, 2, says "cannot be opened" as well.
ASLEEP = 3
# How awake a disk must be to be asked.
MODES = ("never", "sleep", "standby", "idle")

_NAME = re.compile(r"/dev/[\w.:+@-]+(?:/[\w.:+@-]+)*", re.ASCII)
_KIND = re.compile(r"\w+(?:\+\w+)*(?:,[\w/+]+)*", re.ASCII)
# One call gives all; logs that need more of a disk than a look are left out.
_READ = (
    "--json=c", "--info", "--health", "--attributes", "--tolerance=verypermissive",
    "--log=error", "--log=selftest", "--log=devstat", "--log=scttempsts",
)  # fmt: skip


class Refused(ValueError):
    """Not one of the questions there are."""


# Asks one of the questions below; Failed when there is no answer within the seconds.
Ask = Callable[[Sequence[str], float], Output]


def command(question: Sequence[str]) -> list[str]:
    """What smartctl is started with for a question. All that can be asked stands here."""
    match list(question):
        case ["scan"]:
            return ["--scan", "--json=c"]
        case ["scan-text"]:
            return ["--scan"]
        case ["read", mode, kind, name] if _sound(mode, kind, name):
            return [*_READ, f"--nocheck={mode},{ASLEEP}", f"--device={kind}", name]
        case ["read-text", mode, kind, name] if _sound(mode, kind, name):
            # Before 6.6 the exit status cannot be chosen.
            return ["--all", f"--nocheck={mode}", f"--device={kind}", name]
    raise Refused(f"not a question for smartctl: {' '.join(question)!r:.80}")


def _sound(mode: str, kind: str, name: str) -> bool:
    parts = name.split("/")
    return bool(mode in MODES and _KIND.fullmatch(kind) and _NAME.fullmatch(name)) and (
        ".." not in parts and "." not in parts
    )


def find(folders: Sequence[str] = FOLDERS) -> Path | None:
    paths = (Path(folder, "smartctl") for folder in folders)
    return next((path for path in paths if os.access(path, os.X_OK)), None)


def here(program: Path) -> Ask:
    """Asks by starting the program."""
    return lambda question, seconds: run([program, *command(question)], seconds)
