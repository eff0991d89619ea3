"""Words as one line of a shell that gives exactly these words back."""

import os
import re
from collections.abc import Sequence

PLAIN = re.compile(rb"[A-Za-z0-9_./-]+")


def line(words: Sequence[str]) -> bytes:
    """For a login shell that is not ours to choose: sh, bash, dash, ksh, zsh and fish agree on it.

    Bytes that are no text come and go as `os.fsencode` has them. No word may hold a NUL.
    """
    return b" ".join(_quoted(os.fsencode(word)) for word in words)


def _quoted(word: bytes) -> bytes:
    if PLAIN.fullmatch(word):
        return word
    # Fish reads a backslash between single quotes, the others don't: so it never stands there.
    parts = re.split(rb"(['\\])", word)
    return b"".join(_part(part) for part in parts) or b"''"


def _part(part: bytes) -> bytes:
    if part == b"'":
        return b'"\'"'
    if part == b"\\":
        return b'"\\\\"'
    return b"'" + part + b"'" if part else b""
