"""What a script of ours said on a machine: named sections, and in them lines of many small files.

`grep -H` puts the name of its file before every line, so that no file can speak for another one
whatever it holds; and no line of a file can begin as a section does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.errors import Unavailable

MARK = b"= "
END = "end"


@dataclass(frozen=True)
class Section:
    words: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def files(self) -> dict[str, list[bytes]]:
        """Their lines by the name of the file."""
        found: dict[str, list[bytes]] = {}
        for line in self.lines:
            name, colon, text = line.partition(b":")
            if colon:
                found.setdefault(name.decode(errors="replace"), []).append(text)
        return found


def read(stdout: Excerpt) -> dict[str, Section]:
    """The sections by name; refused when the answer does not reach its end."""
    if stdout.truncated:
        raise Unavailable(
            f"the machine's answer of {stdout.size} bytes is longer than what is taken of one",
            code="answer-too-long",
        )
    found: dict[str, Section] = {}
    now = Section()
    for line in (stdout.head + stdout.tail).split(b"\n"):
        if line.startswith(MARK):
            name, *words = line.decode(errors="replace").split(" ")[1:]
            now = found[name] = Section(words)
        else:
            now.lines.append(line)
    if END not in found:
        raise _unreadable("it ends in the middle")
    return found


@contextmanager
def understood() -> Iterator[None]:
    """Around reading what a machine said, which may be anything."""
    try:
        yield
    except (LookupError, ValueError, OverflowError) as fault:
        raise _unreadable(f"{type(fault).__name__} {fault}") from fault


def _unreadable(why: str) -> Unavailable:
    return Unavailable(f"the machine's answer cannot be read: {why}", code="answer-unreadable")
