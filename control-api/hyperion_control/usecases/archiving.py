"""Old records leave the database for files, in segments that were verified; the chain goes on."""

import gzip
import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

from hyperion_control.domain import chain
from hyperion_control.domain.actors import SYSTEM
from hyperion_control.domain.chain import Broken, Chain, Record
from hyperion_control.errors import Conflict
from hyperion_control.settings import Settings
from hyperion_control.store import records, segments
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.segments import Segment
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry, moment

# Some megabytes, and deleted while nobody else can record.
MOST_RECORDS = 10_000


def archive(parts: Parts, _worker: Worker, most: int = MOST_RECORDS) -> None:
    """A chore: archive whatever is older than the setting says."""
    if keep := parts.settings.audit_keep_days:
        until = moment(parts.clock() - timedelta(days=keep))
        while old := _old(parts, until, most):
            _archive(parts, old)


def folder(settings: Settings) -> Path:
    return settings.data / "audit"


def check(place: Path, segment: Segment, before: Chain) -> None:
    """Walk the chain along the segment's file; raises Broken where it is not what was archived."""
    packed = _read(place / segment.file)
    if hashlib.sha256(packed).hexdigest() != segment.sha256:
        raise Broken(f"the archive {segment.file} is not what was written")
    chain.check(before, _unpack(packed))
    if before != segment.chain():
        raise Broken(f"the archive {segment.file} does not end where the database says")


def _old(parts: Parts, until: str, most: int) -> list[Record]:
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        oldest = list(records.walk(connection, most))
    return list(itertools.takewhile(lambda record: record.at < until, oldest))


def _archive(parts: Parts, old: Sequence[Record]) -> None:
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        before = segments.chain(connection)
    packed = _pack(old)
    segment = _segment(parts, before, old, packed)
    detail = {"sha256": segment.sha256, "first_seq": segment.first_seq, "hash": segment.hash}
    with parts.audit.acting(Entry(SYSTEM, "audit:archive", segment.file, detail)):
        _write(folder(parts.settings) / segment.file, packed)
        check(folder(parts.settings), segment, before)
        with parts.database.writing(EVERY_ORGANISATION, alone=records.ALONE) as connection:
            if segments.chain(connection).seq >= segment.first_seq:
                raise Conflict("another worker has archived these records")
            segments.add(connection, segment)
            records.forget(connection, segment.last_seq)


def _segment(parts: Parts, before: Chain, old: Sequence[Record], packed: bytes) -> Segment:
    after = deepcopy(before)
    chain.check(after, old)
    first, last = old[0].seq, old[-1].seq
    return Segment(
        first_seq=first,
        last_seq=last,
        # With both numbers: two workers that archive unlike pieces write unlike files.
        file=f"records-{first:012}-{last:012}.ndjson.gz",
        sha256=hashlib.sha256(packed).hexdigest(),
        hash=after.hash,
        organisation_hashes=json.dumps(list(after.organisations.items())),
        archived_at=parts.clock(),
    )


def _pack(many: Sequence[Record]) -> bytes:
    lines = (json.dumps(record._asdict(), separators=(",", ":")) + "\n" for record in many)
    return gzip.compress("".join(lines).encode(), mtime=0)


def _unpack(packed: bytes) -> Iterator[Record]:
    for line in gzip.decompress(packed).splitlines():
        yield Record(**json.loads(line))


def _write(path: Path, packed: bytes) -> None:
    """Whole or not at all, and on the disk before the database forgets what is in it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    half = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    place = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Broken(f"the archive {path.name} is missing in {path.parent}") from None
