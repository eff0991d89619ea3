"""Records as lines for other programs: NDJSON, CSV and syslog."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from hyperion_control.domain.chain import Record


class Told(NamedTuple):
    """A record as it is read, with what its actor is called now."""

    record: Record
    actor_name: str


def as_object(told: Told) -> dict[str, Any]:
    fields = told.record._asdict()
    return {**fields, "detail": json.loads(fields["detail"]), "actor_name": told.actor_name}


def ndjson(many: Iterable[Told]) -> Iterator[str]:
    # In ASCII: no character of a client's can turn or break a line.
    for told in many:
        yield json.dumps(as_object(told), separators=(",", ":")) + "\n"


def in_csv(many: Iterable[Told]) -> Iterator[str]:
    yield _csv_line((*Record._fields, "actor_name"))
    for told in many:
        yield _csv_line(_no_formula(str(value or "")) for value in (*told.record, told.actor_name))


def syslog(many: Iterable[Told]) -> Iterator[str]:
    """RFC 5424."""
    for told in many:
        record = told.record
        severity = _NOTICE if record.decision == "refused" or record.outcome == "failed" else _INFO
        values = {**record._asdict(), "actor_name": told.actor_name}
        data = " ".join(f'{name}="{_quoted(value)}"' for name, value in values.items())
        head = f"<{_LOG_AUDIT * 8 + severity}>1 {record.at} - hyperion-control - {record.action}"
        yield f"{head} [{_STRUCTURE} {data}]\n"


@dataclass(frozen=True)
class Form:
    media_type: str
    lines: Callable[[Iterable[Told]], Iterator[str]]


FORMS = {
    "ndjson": Form("application/x-ndjson", ndjson),
    "csv": Form("text/csv", in_csv),
    "syslog": Form("text/plain", syslog),
}

_LOG_AUDIT, _NOTICE, _INFO = 13, 5, 6
# Private names carry an enterprise number; this one is set aside for those who have none.
_STRUCTURE = "hyperion@32473"


def _csv_line(values: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def _no_formula(text: str) -> str:
    """A spreadsheet computes what begins like this, which a client may have chosen."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _quoted(value: object) -> str:
    text = "" if value is None else str(value)
    escaped = text.encode("unicode_escape").decode()  # a backslash becomes two, as RFC 5424 asks
    return escaped.replace('"', '\\"').replace("]", "\\]")
