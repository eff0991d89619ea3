"""The audit in the hands of who keeps it: verified from its first record, and written out."""

import itertools
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from hyperion_control.domain.chain import Broken, Chain
from hyperion_control.domain.lines import FORMS, Told
from hyperion_control.store import records, records_search, segments
from hyperion_control.store.database import EVERY_ORGANISATION, Database
from hyperion_control.store.segments import Segment
from hyperion_control.usecases import archiving, heads


@dataclass(frozen=True)
class Verdict:
    rows: int
    seconds: float
    broken: str | None  # the first record that is not what was recorded
    head: Chain  # where the records that are sound end


def verify(database: Database, told: Path | None = None, archives: Path | None = None) -> Verdict:
    """Also against the heads in the file `told`, and through the files of the folder `archives`."""
    begun, walk, broken = time.perf_counter(), _Walk(archives), None
    try:
        # Before the records: a head that is told meanwhile is of a record that we do not see.
        walk.told = heads.told(told) if told else {}
        with database.reading(EVERY_ORGANISATION) as connection:
            walk.through(connection)
    except Broken as fault:
        broken = str(fault)
    return Verdict(walk.rows, time.perf_counter() - begun, broken, walk.chain)


def export(database: Database, out: TextIO, form: str, since: str = "") -> None:
    """In the order of time; `since` is a date, or a date and time in UTC."""
    with database.reading(EVERY_ORGANISATION) as connection:
        names = records_search.names(connection)
        with closing(records.walk(connection)) as found:
            told = (
                Told(record, names.get(record.actor_id, ""))
                for record in found
                if record.at >= since
            )
            out.writelines(FORMS[form].lines(told))


class _Walk:
    def __init__(self, archives: Path | None) -> None:
        self.told: dict[int, str] = {}
        self.chain = Chain()
        self.rows = 0
        self._archives = archives

    def through(self, connection: Connection) -> None:
        with closing(records.walk(connection)) as found:
            # The first one says how far the archives must reach: another may be made meanwhile.
            first = list(itertools.islice(found, 1))
            archived = segments.listed(connection)
            if first:
                archived = [segment for segment in archived if segment.last_seq < first[0].seq]
            self._past(archived)
            for record in itertools.chain(first, found):
                self.chain.check(record)
                self._compare(record.seq, record.hash)
                self.rows += 1
        if (newest := max(self.told, default=0)) > self.chain.seq:
            missing = f"records {self.chain.seq + 1} to {newest} are missing at the end"
            raise Broken(f"{missing}: the head of the chain was told after them")

    def _past(self, archived: Iterable[Segment]) -> None:
        for segment in archived:
            if segment.first_seq != self.chain.seq + 1:
                raise Broken(f"record {self.chain.seq + 1} is missing, also among the archives")
            if self._archives:
                archiving.check(self._archives, segment, self.chain)
            self.chain = segment.chain()
            self._compare(segment.last_seq, segment.hash)

    def _compare(self, seq: int, found: str) -> None:
        if self.told.get(seq, found) != found:
            raise Broken(f"record {seq} is not the one whose hash was told: the chain is a new one")
