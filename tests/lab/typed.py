"""What a page tells to type, typed into one shell that ends at the first refusal."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab import guides

# Of curl what is refused is a failure too.
STRICT = 'set -eux -o pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
LEFT_OUT = re.compile(r"Our tests do not type (.+?): \S")


def left_out(text: str) -> list[str]:
    """How commands begin that the page itself says nobody types for it."""
    return [start for said in LEFT_OUT.findall(text) for start in re.findall("`(.+?)`", said)]


def blocks(text: str) -> list[str]:
    """All that is to be typed but what the page leaves out."""
    starts = tuple(left_out(text))
    return [block for block in guides.blocks(text) if not begins(block, starts)]


def begins(block: str, starts: str | tuple[str, ...]) -> bool:
    return any(line.startswith(starts) for line in block.splitlines())


def type_in(
    typed: Iterable[str], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-c", STRICT + "\n".join(typed)]
    return subprocess.run(
        argv,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
