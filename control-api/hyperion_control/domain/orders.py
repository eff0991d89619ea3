"""What one machine is told to run."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hyperion_control.domain import excerpts
from hyperion_control.errors import Invalid

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
# Linux takes 128 KiB in one word, and quoting and our launcher are in it too.
MOST_WORDS_BYTES = 64 * 1024
MOST_STDIN_BYTES = 8 * 1024 * 1024
MOST_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Order:
    """A program with its words, never a shell's line; a script comes in by stdin.

    What stands in `argv` and `env` can for a moment be seen by who may list the machine's
    processes; what is secret belongs into `stdin`.
    """

    argv: tuple[str, ...]
    stdin: bytes = field(default=b"", repr=False)
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""  # where it runs; empty: where the login begins
    user: str = ""  # who it runs as; empty: the login
    seconds: int = 60
    head: int = excerpts.HEAD_BYTES  # kept of each stream
    tail: int = excerpts.TAIL_BYTES

    def __post_init__(self) -> None:
        _check_words((*self.words(), self.folder))
        if len(self.stdin) > MOST_STDIN_BYTES:
            raise Invalid(f"stdin is longer than {MOST_STDIN_BYTES} bytes")
        if self.folder and not self.folder.startswith("/"):
            raise Invalid("the folder must begin with /")
        if self.user and not USER.fullmatch(self.user):
            raise Invalid("the user to run as is no name of a user")
        if not 1 <= self.seconds <= MOST_SECONDS:
            raise Invalid(f"the time limit must be between 1 and {MOST_SECONDS} seconds")

    def words(self) -> tuple[str, ...]:
        """The program with its environment, by env(1)."""
        if not self.argv or not self.argv[0] or self.argv[0].startswith("-"):
            raise Invalid("the first word must name a program and not begin with a dash")
        if not self.env:
            return self.argv
        if "=" in self.argv[0]:
            raise Invalid("a program with = in its name cannot be given an environment")
        if bad := next((name for name in self.env if not NAME.fullmatch(name)), None):
            raise Invalid(f"{bad!r} is no name of an environment variable")
        return ("env", *(f"{name}={value}" for name, value in self.env.items()), *self.argv)


def _check_words(words: tuple[str, ...]) -> None:
    try:
        size = sum(len(os.fsencode(word)) + 1 for word in words)
    except UnicodeEncodeError:
        raise Invalid("a word holds half a character") from None
    if any("\0" in word for word in words):
        raise Invalid("a word cannot hold a NUL byte")
    if size > MOST_WORDS_BYTES:
        raise Invalid(f"the words are longer than {MOST_WORDS_BYTES} bytes; use stdin for a script")
