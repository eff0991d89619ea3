"""The table of records, which the database itself refuses to change."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hyperion_control.domain.actors import SYSTEM
from hyperion_control.store import records, segments
from hyperion_control.store.segments import Segment
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from lab.databases import ON_POSTGRES, ON_SQLITE


@pytest.fixture
def three(parts: Parts) -> Parts:
    for number in range(3):
        parts.audit.note(Entry(SYSTEM, "user:read", f"usr_{number}"))
    return parts


def targets(parts: Parts) -> list[str]:
    with parts.database.reading("*") as connection:
        return [record.target for record in records.walk(connection)]


def refused(parts: Parts, statement: str) -> str:
    with pytest.raises(DBAPIError) as found, parts.database.writing("*") as connection:
        connection.execute(text(statement))
    assert targets(parts) == ["usr_0", "usr_1", "usr_2"]
    return str(found.value.orig)


def test_no_record_is_changed_by_anybody(three: Parts) -> None:
    assert "is never changed" in refused(three, "UPDATE records SET target = 'x'")
    assert "is never changed" in refused(three, "UPDATE records SET target = 'x' WHERE seq = 2")


def test_no_record_is_deleted_before_it_is_archived(three: Parts) -> None:
    assert "once it is archived" in refused(three, "DELETE FROM records WHERE seq = 3")
    assert "once it is archived" in refused(three, "DELETE FROM records")


def test_what_a_segment_holds_may_go_and_nothing_else(three: Parts) -> None:
    with three.database.writing("*") as connection:
        segments.add(connection, Segment(1, 2, "file", "sha", "hash", "[]", three.clock()))
        records.forget(connection, 2)
    assert targets(three) == ["usr_2"]
    with pytest.raises(DBAPIError, match="archived"), three.database.writing("*") as connection:
        records.forget(connection, 3)
    for statement in ("UPDATE segments SET last_seq = 3", "DELETE FROM segments"):
        fault = pytest.raises(DBAPIError, match="is never changed")
        with fault, three.database.writing("*") as connection:
            connection.execute(text(statement))


@ON_SQLITE
def test_a_record_is_not_replaced_by_one_of_its_number(three: Parts) -> None:
    columns = ", ".join(["2", "'aud_x'", *records.records.columns.keys()[2:]])
    statement = "INSERT OR REPLACE INTO records SELECT COLUMNS FROM records WHERE seq = 1"
    assert "is never changed" in refused(three, statement.replace("COLUMNS", columns))


@ON_POSTGRES
def test_all_at_once_are_not_deleted_either(three: Parts) -> None:
    assert "is never changed" in refused(three, "TRUNCATE records")
