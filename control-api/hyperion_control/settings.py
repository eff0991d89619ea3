"""The settings of the control API, read from the environment once, at the start."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hyperion_control.errors import StartRefused

PREFIX = "HYPERION_"
NAMES = ("HYPERION_DATA", "HYPERION_DATABASE_URL", "HYPERION_LISTEN", "HYPERION_RUNBOOKS")
# As alike as DATABASE_ULR and DATABASE_URL; other programs' HYPERION_ variables are less.
LIKENESS = 0.75
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str, name: str) -> "Address":
        """`name` is what the person wrote it as: a variable or a flag."""
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+):([0-9]{1,5})", text)
        if match is None or not 1 <= int(match[2]) <= 65535:
            raise StartRefused(f"{name} is {text!r}: write HOST:PORT, such as 127.0.0.1:8080")
        return cls(match[1].strip("[]"), int(match[2]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    data: Path
    database_url: str
    listen: Address
    runbooks: Path

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """An empty variable counts as not set, because Compose passes those on."""
        _refuse_mistyped(env)
        data = Path(env.get("HYPERION_DATA") or "var/control").absolute()
        return cls(
            data=data,
            database_url=_database_url(env.get("HYPERION_DATABASE_URL"), data),
            listen=Address.parse(env.get("HYPERION_LISTEN") or "127.0.0.1:8080", "HYPERION_LISTEN"),
            runbooks=_runbooks(env.get("HYPERION_RUNBOOKS")),
        )


def _refuse_mistyped(env: Mapping[str, str]) -> None:
    endings = [name.removeprefix(PREFIX) for name in NAMES]
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in NAMES:
            continue
        # Compared without the prefix, which alone would make every two of them alike.
        near = difflib.get_close_matches(name.removeprefix(PREFIX), endings, 1, LIKENESS)
        if near:
            raise StartRefused(f"{name} is unknown: did you mean {PREFIX}{near[0]}?")


def _database_url(url: str | None, data: Path) -> str:
    if not url:
        return f"sqlite:///{data / 'control.sqlite'}"
    # Never repeated in the sentence: it may hold a password.
    if not re.match(r"(sqlite:///.|postgresql(\+psycopg)?://.)", url):
        raise StartRefused(
            "HYPERION_DATABASE_URL is no address of a database:"
            " write sqlite:////FOLDER/FILE or postgresql://USER@HOST/NAME"
        )
    return url


def _runbooks(folder: str | None) -> Path:
    if not folder:
        return CHECKOUT / "prometheus" / "runbooks"
    path = Path(folder).absolute()
    if not path.is_dir():
        raise StartRefused(f"HYPERION_RUNBOOKS is {folder!r}, which is not a folder")
    return path
