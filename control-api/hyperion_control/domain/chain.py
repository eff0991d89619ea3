"""The chain of the audit: a record's hash covers all of it and the hash before it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hyperion_control.errors import Refused


class Record(NamedTuple):
    """A row of the audit; a draft until it has its number and its hashes."""

    seq: int
    id: str
    at: str  # RFC 3339, UTC, microseconds
    organisation_id: str | None
    phase: str  # intent, outcome, note
    of: str  # an outcome's intent
    actor_id: str
    via: str  # the login or token
    address: str
    user_agent: str
    action: str
    target: str
    session_id: str
    request_id: str
    decision: str  # allowed, refused
    outcome: str  # succeeded, failed, unknown; else empty
    detail: str  # JSON
    organisation_hash: str
    hash: str


class Broken(Refused):
    """Names the first record that is not what was recorded."""


@dataclass
class Chain:
    """Where the chain stands: its last number and hash, and the last hash of each organisation.

    What belongs to no organisation is a chain of its own, under None.
    """

    seq: int = 0
    hash: str = ""
    organisations: dict[str | None, str] = field(default_factory=dict)

    def add(self, draft: Record) -> Record:
        """Give the draft its number and hashes, and stand there."""
        content = (self.seq + 1, *draft[1:-2])
        record = Record._make((*content, *self._hashes(content)))
        self._stand(record)
        return record

    def check(self, record: Record) -> None:
        """Raises Broken unless the record is the one that comes next, unchanged."""
        if record.seq != self.seq + 1:
            missing = f"after record {self.seq} comes {record.seq}"
            raise Broken(f"record {self.seq + 1} is missing: {missing}")
        if record[-2:] != self._hashes(record[:-2]):
            name = f"record {record.seq} ({record.id}, {record.action}, {record.at})"
            readable = name.encode("ascii", "backslashreplace").decode()
            raise Broken(f"{readable} is not what was recorded")
        self._stand(record)

    def _hashes(self, content: tuple[Any, ...]) -> tuple[str, str]:
        before = self.organisations.get(content[_ORGANISATION], "")
        own = hashlib.sha256((before + _encode(content)).encode()).hexdigest()
        # All of the record is in its own organisation's hash already.
        return own, hashlib.sha256((self.hash + own).encode()).hexdigest()

    def _stand(self, record: Record) -> None:
        self.seq, self.hash = record.seq, record.hash
        self.organisations[record.organisation_id] = record.organisation_hash


def check(chain: Chain, records: Iterable[Record]) -> int:
    """Walk the chain along the records and count them; raises Broken at the first bad one."""
    count = 0
    for record in records:
        chain.check(record)
        count += 1
    return count


_ORGANISATION = Record._fields.index("organisation_id")
# A value of a type that no record holds, such as a blob, must not read like the text it replaced.
_encode = json.JSONEncoder(separators=(",", ":"), default=lambda odd: ["odd", repr(odd)]).encode
