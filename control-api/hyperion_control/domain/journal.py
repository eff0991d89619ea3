"""The journal of a unit: how a machine is asked for it, and the lines that it answers."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from hyperion_control.errors import Invalid

Priority = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
PRIORITIES: tuple[str, ...] = get_args(Priority)
MOST_LINES = 1000

# Without --all a field of more than 4096 bytes is left out, which bounds what one line can cost.
FORM = (
    *("--output=json", "--no-pager", "--quiet"),
    "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID",
)
CURSOR = re.compile(r"[a-z]=[0-9a-f]{1,32}(?:;[a-z]=[0-9a-f]{1,32}){1,11}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    lines: int | None = 100  # the newest; None: all
    since: datetime | None = None
    priority: Priority = "debug"  # and what is more urgent
    after: str = ""  # the cursor of a line


@dataclass(frozen=True)
class Line:
    cursor: str
    at: datetime
    priority: Priority
    identifier: str
    pid: int | None
    message: str


def argv(unit: str, wanted: Wanted) -> tuple[str, ...]:
    """Only values of a known form go into words; the unit is one that units.checked() let by."""
    words = ["journalctl", f"--unit={unit}", *FORM, f"--priority={wanted.priority}"]
    if wanted.since is not None:
        words.append(f"--since=@{int(wanted.since.timestamp())}")
    if wanted.after:
        words.append(f"--after-cursor={checked(wanted.after)}")
    return (*words, f"--lines={'all' if wanted.lines is None else wanted.lines}")


def checked(cursor: str) -> str:
    if not CURSOR.fullmatch(cursor):
        raise Invalid("this is no cursor of a journal: send the id of the last line you have")
    return cursor


def lines(text: str) -> list[Line]:
    """What is not whole is left out: the first line of an excerpt, and what is still on its way."""
    return [line for each in text.splitlines() if (line := read(each))]


def read(text: str) -> Line | None:
    try:
        said = json.loads(text)
        moment = EPOCH + timedelta(microseconds=int(said["__REALTIME_TIMESTAMP"]))
        cursor = str(said["__CURSOR"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return Line(
        cursor,
        moment,
        _priority(said.get("PRIORITY")),
        _text(said.get("SYSLOG_IDENTIFIER")),
        _pid(said.get("_PID")),
        _text(said.get("MESSAGE")),
    )


def plain(lines: Sequence[Line]) -> Iterator[str]:
    """For a terminal, which must not obey what a program wrote."""
    for line in lines:
        pid = f"[{line.pid}]" if line.pid else ""
        at = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield f"{at} {shown(line.identifier)}{pid}: {shown(line.message)}\n"


def shown(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(value: Any) -> str:
    """A field that is no text comes as numbers of bytes, one that is told twice as a list."""
    if isinstance(value, list):
        if value and all(isinstance(each, int) for each in value):
            return bytes(each & 255 for each in value).decode(errors="backslashreplace")
        return "\n".join(map(_text, value))
    return "" if value is None else str(value)


def _priority(value: Any) -> Priority:
    number = int(value) if str(value) in {*"01234567"} else PRIORITIES.index("info")
    return PRIORITIES[number]  # type: ignore[return-value]


def _pid(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None
