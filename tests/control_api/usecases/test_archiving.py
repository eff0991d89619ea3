"""Old records leave for files, and the chain can still be checked across."""

import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyperion_control.domain.actors import SYSTEM, Actor, Origin
from hyperion_control.domain.chain import Broken
from hyperion_control.errors import Conflict
from hyperion_control.store import records, segments
from hyperion_control.store.segments import Segment
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import archiving, audit
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.workers import introduce

DAY = 86_400
ADA = Actor(Origin(), user_id="usr_ada", organisation_id="org_acme")


@pytest.fixture
def worker(parts: Parts) -> Worker:
    return introduce(parts)


@pytest.fixture
def aged(parts: Parts, clock: Any) -> Parts:
    """Three records older than a year, two of today."""
    for _ in range(2):
        parts.audit.note(Entry(ADA, "user:read", "old"))
    parts.audit.note(Entry(SYSTEM, "user:read", "old"))
    clock.forward(366 * DAY)
    for _ in range(2):
        parts.audit.note(Entry(ADA, "user:read", "new"))
    return parts


def kept(parts: Parts) -> list[str]:
    with parts.database.reading("*") as connection:
        return [record.target for record in records.walk(connection)]


def listed(parts: Parts) -> list[Segment]:
    with parts.database.reading("*") as connection:
        return segments.listed(connection)


def folder(parts: Parts) -> Path:
    return archiving.folder(parts.settings)


def test_what_is_too_old_leaves_and_the_chain_goes_on(aged: Parts, worker: Worker) -> None:
    archiving.archive(aged, worker)
    assert "old" not in kept(aged)
    assert kept(aged)[:2] == ["new", "new"]
    (segment,) = listed(aged)
    assert (segment.first_seq, segment.last_seq) == (1, 3)
    assert audit.verify(aged.database).broken is None
    assert audit.verify(aged.database, archives=folder(aged)).broken is None
    aged.audit.note(Entry(ADA, "user:read"))
    assert audit.verify(aged.database).broken is None


def test_the_archive_is_for_nobody_else_to_read(aged: Parts, worker: Worker) -> None:
    archiving.archive(aged, worker)
    (file,) = folder(aged).iterdir()
    assert file.name == "records-000000000001-000000000003.ndjson.gz"
    assert file.stat().st_mode & 0o777 == 0o600


def test_that_it_was_archived_is_recorded_with_the_hash_of_the_file(
    aged: Parts, worker: Worker
) -> None:
    archiving.archive(aged, worker)
    with aged.database.reading("*") as connection:
        intent, outcome = list(records.walk(connection))[2:]
    assert (intent.action, intent.actor_id, intent.target) == (
        "audit:archive",
        "system",
        listed(aged)[0].file,
    )
    assert listed(aged)[0].sha256 in intent.detail
    assert outcome.outcome == "succeeded"


def test_an_organisation_whose_records_are_all_archived_goes_on_with_its_own_chain(
    parts: Parts, worker: Worker, clock: Any
) -> None:
    parts.audit.note(Entry(ADA, "user:read"))
    clock.forward(366 * DAY)
    archiving.archive(parts, worker)
    parts.audit.note(Entry(ADA, "user:read"))
    assert audit.verify(parts.database).broken is None
    assert "org_acme" in segments_chain(parts)


def segments_chain(parts: Parts) -> dict[str | None, str]:
    with parts.database.reading("*") as connection:
        return segments.chain(connection).organisations


def test_many_leave_in_several_segments(aged: Parts, worker: Worker) -> None:
    archiving.archive(aged, worker, most=2)
    assert [(found.first_seq, found.last_seq) for found in listed(aged)] == [(1, 2), (3, 3)]
    assert audit.verify(aged.database, archives=folder(aged)).broken is None


def test_a_second_time_there_is_nothing_to_do(aged: Parts, worker: Worker) -> None:
    archiving.archive(aged, worker)
    before = kept(aged)
    archiving.archive(aged, worker)
    assert kept(aged) == before


def test_nothing_leaves_when_all_is_to_be_kept(aged: Parts, worker: Worker) -> None:
    archiving.archive(replace(aged, settings=replace(aged.settings, audit_keep_days=0)), worker)
    assert kept(aged).count("old") == 3


def test_records_that_are_not_sound_stay(aged: Parts, worker: Worker) -> None:
    with aged.database.writing("*") as connection:
        drop = "DROP TRIGGER records_never_change"
        connection.exec_driver_sql(drop if aged.database.file else f"{drop} ON records")
        connection.exec_driver_sql("UPDATE records SET target = 'OLD' WHERE seq = 2")
    with pytest.raises(Broken, match="record 2 "):
        archiving.archive(aged, worker)
    assert (len(kept(aged)), listed(aged)) == (5, [])


def test_a_folder_that_cannot_be_written_leaves_the_records_where_they_are(
    aged: Parts, worker: Worker
) -> None:
    folder(aged).write_text("a file where the folder should be")
    with pytest.raises(OSError, match="audit"):
        archiving.archive(aged, worker)
    assert kept(aged).count("old") == 3
    with aged.database.reading("*") as connection:
        last = list(records.walk(connection))[-1]
    assert (last.action, last.outcome) == ("audit:archive", "failed")


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_an_archive_that_was_changed_or_removed_is_named(
    aged: Parts, worker: Worker, harm: str
) -> None:
    archiving.archive(aged, worker)
    (file,) = folder(aged).iterdir()
    if harm == "change":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    else:
        file.unlink()
    assert audit.verify(aged.database).broken is None, "the files are looked at when told"
    assert file.name in str(audit.verify(aged.database, archives=folder(aged)).broken)


def test_a_record_after_the_archive_that_was_deleted_is_missed(aged: Parts, worker: Worker) -> None:
    archiving.archive(aged, worker)
    with aged.database.writing("*") as connection:
        drop = "DROP TRIGGER records_stay"
        connection.exec_driver_sql(drop if aged.database.file else f"{drop} ON records")
        connection.exec_driver_sql("DELETE FROM records WHERE seq = 4")
    assert audit.verify(aged.database).broken == "record 4 is missing: after record 3 comes 5"


def test_two_workers_at_once_archive_each_record_once(aged: Parts, worker: Worker) -> None:
    def work() -> None:
        # Who comes second is refused: its records are gone, or are going.
        with suppress(Conflict, Broken):
            archiving.archive(aged, worker)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(found.first_seq, found.last_seq) for found in listed(aged)] == [(1, 3)]
    assert audit.verify(aged.database, archives=folder(aged)).broken is None
