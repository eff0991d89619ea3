"""The table of segments: records that left the database for a file, and where the chain stood."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, insert, select

from hyperion_control.domain.chain import Chain
from hyperion_control.store.tables import UtcTime, catalogue

segments = Table(
    "segments",
    catalogue,
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("file", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    # The chain after the last of them.
    Column("hash", String(64), nullable=False),
    Column("organisation_hashes", Text, nullable=False),  # JSON: pairs of organisation and hash
    Column("archived_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Segment:
    first_seq: int
    last_seq: int
    file: str
    sha256: str
    hash: str
    organisation_hashes: str
    archived_at: datetime

    def chain(self) -> Chain:
        return Chain(self.last_seq, self.hash, dict(json.loads(self.organisation_hashes)))


def add(connection: Connection, segment: Segment) -> None:
    connection.execute(insert(segments).values(vars(segment)))


def listed(connection: Connection) -> list[Segment]:
    """From the oldest."""
    rows = connection.execute(select(segments).order_by(segments.c.first_seq))
    return [Segment(**row._mapping) for row in rows]


def chain(connection: Connection) -> Chain:
    """Where the chain stands after all that was archived."""
    last = select(segments).order_by(segments.c.first_seq.desc()).limit(1)
    found = connection.execute(last).first()
    return Segment(**found._mapping).chain() if found else Chain()
