"""Verifying the audit: whatever was done to it, the first record that is not sound is named."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, delete, text, update

from hyperion_control.domain.actors import SYSTEM, Actor, Origin
from hyperion_control.domain.chain import Chain, Record
from hyperion_control.store import records
from hyperion_control.usecases import audit, heads
from hyperion_control.usecases.audit import Verdict
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.workers import introduce
from lab.databases import ON_SQLITE

ADA = Actor(Origin("192.0.2.7", "req_1", "curl"), user_id="usr_ada", organisation_id="org_acme")

TABLE = records.records
THIRD = TABLE.c.seq == 3


@pytest.fixture
def five(parts: Parts) -> Parts:
    for number in range(5):
        parts.audit.note(Entry(ADA, "user:read", f"usr_{number}", session_id="ses_1"))
    return parts


def tamper(parts: Parts, statement: Executable) -> None:
    """As somebody does it who owns the database."""
    drops = [f"DROP TRIGGER IF EXISTS records_{name}" for name in ("never_change", "stay")]
    with parts.database.writing("*") as connection:
        for drop in drops:
            connection.execute(text(drop if parts.database.file else f"{drop} ON records"))
        connection.execute(statement)


def verified(parts: Parts) -> Verdict:
    return audit.verify(parts.database, heads.file(parts.settings))


def tell_head(parts: Parts) -> None:
    heads.tell(parts, introduce(parts))


def test_an_audit_as_it_was_written_is_sound(five: Parts) -> None:
    tell_head(five)
    verdict = verified(five)
    assert (verdict.broken, verdict.rows, verdict.head.seq) == (None, 5, 5)
    assert verdict.seconds > 0


def test_an_audit_without_a_record_is_sound(parts: Parts) -> None:
    assert verified(parts).broken is None


def test_records_that_are_written_meanwhile_break_nothing(five: Parts) -> None:
    tell_head(five)
    five.audit.note(Entry(SYSTEM, "user:read"))
    assert verified(five).broken is None


@pytest.mark.parametrize("column", [name for name in Record._fields if name != "seq"])
def test_one_character_changed_in_any_column_is_found(five: Parts, column: str) -> None:
    with five.database.reading("*") as connection:
        before = str(getattr(list(records.walk(connection))[2], column))
    changed = (before or "y")[:-1] + ("x" if before[-1:] != "x" else "y")
    tamper(five, update(TABLE).where(THIRD).values({column: changed}))
    verdict = verified(five)
    assert verdict.broken is not None
    assert verdict.broken.startswith("record 3 (")
    assert (verdict.rows, verdict.head.seq) == (2, 2)


def test_a_record_that_was_deleted_is_missed(five: Parts) -> None:
    tamper(five, delete(TABLE).where(TABLE.c.seq == 2))
    assert verified(five).broken == "record 2 is missing: after record 1 comes 3"


def test_a_first_record_that_was_deleted_is_missed(five: Parts) -> None:
    tamper(five, delete(TABLE).where(TABLE.c.seq == 1))
    assert verified(five).broken == "record 1 is missing: after record 0 comes 2"


def test_records_that_changed_places_are_found(five: Parts) -> None:
    for seq, to in [(2, 9), (3, 2), (9, 3)]:
        move = update(TABLE).where(TABLE.c.seq == seq).values(seq=to)
        tamper(five, move)
    assert str(verified(five).broken).startswith("record 2 (")


def test_a_tail_that_was_cut_off_is_missed_by_the_head_that_was_told(five: Parts) -> None:
    tell_head(five)
    tamper(five, delete(TABLE).where(TABLE.c.seq > 3))
    assert audit.verify(five.database).broken is None, "alone, the chain cannot know"
    assert str(verified(five).broken).startswith("records 4 to 5 are missing at the end")


def test_a_chain_that_was_written_anew_is_not_the_one_whose_head_was_told(five: Parts) -> None:
    tell_head(five)
    chain = Chain()
    with five.database.reading("*") as connection:
        forged = [chain.add(record._replace(target="x")) for record in records.walk(connection)]
    tamper(five, delete(TABLE))
    with five.database.writing("*") as connection:
        records._insert(connection, forged)
    assert audit.verify(five.database).broken is None
    assert str(verified(five).broken).startswith("record 5 is not the one whose hash was told")


@ON_SQLITE
@pytest.mark.parametrize("column", ["id", "organisation_id"])
@pytest.mark.parametrize("odd", ["CAST(x'ff' AS TEXT)", "x'7573725f32'"])
def test_what_is_no_text_any_more_is_named_and_does_not_end_the_verification(
    five: Parts, column: str, odd: str
) -> None:
    tamper(five, update(TABLE).where(THIRD).values({column: text(odd)}))
    broken = str(verified(five).broken)
    assert broken.startswith("record 3 (")
    assert broken.isascii(), "a terminal must be able to show it"


def test_a_head_that_cannot_be_read_is_named(five: Parts) -> None:
    tell_head(five)
    file = Path(five.settings.audit_heads)
    file.write_text(file.read_text() + "nonsense\n")
    assert str(verified(five).broken).startswith("line 2 of ")


def exported(parts: Parts, form: str, since: str = "") -> str:
    out = io.StringIO()
    audit.export(parts.database, out, form, since)
    return out.getvalue()


def test_all_are_exported_in_the_order_of_time(five: Parts) -> None:
    lines: list[Any] = [json.loads(line) for line in exported(five, "ndjson").splitlines()]
    assert [line["target"] for line in lines] == ["usr_0", "usr_1", "usr_2", "usr_3", "usr_4"]
    assert len(list(csv.reader(io.StringIO(exported(five, "csv"))))) == 6
    assert exported(five, "syslog").count("\n") == 5


def test_an_export_begins_where_it_is_told(five: Parts) -> None:
    assert exported(five, "ndjson", "2026-11-21").count("\n") == 5
    assert exported(five, "ndjson", "2026-11-22") == ""
