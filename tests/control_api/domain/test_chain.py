"""The chain of the audit: sound as it was written, broken by whatever is done to it."""

from typing import Any

import pytest

from hyperion_control.domain.chain import Broken, Chain, Record, check
from lab.record import DRAFT


def written(*organisations: str | None) -> list[Record]:
    chain = Chain()
    return [chain.add(DRAFT._replace(organisation_id=whose)) for whose in organisations]


RECORDS = written("org_acme", "org_globex", None, "org_acme")


def other(value: object) -> Any:
    """One character away."""
    if isinstance(value, int):
        return value + 1
    return "x" if not value else f"{value}"[:-1] + chr(ord(f"{value}"[-1]) ^ 1)


def broken(records: list[Record]) -> str:
    with pytest.raises(Broken) as found:
        check(Chain(), records)
    return str(found.value)


def test_records_as_they_were_written_are_sound() -> None:
    chain = Chain()
    assert check(chain, RECORDS) == 4
    assert (chain.seq, chain.hash) == (4, RECORDS[-1].hash)


def test_each_organisation_has_a_chain_that_others_do_not_change() -> None:
    # All that acme's second record needs of the others is its number.
    alone = Chain(3, "", {"org_acme": RECORDS[0].organisation_hash})
    assert alone.add(DRAFT).organisation_hash == RECORDS[3].organisation_hash


def test_no_organisation_and_one_without_a_name_are_two() -> None:
    assert written(None)[0].hash != written("")[0].hash


@pytest.mark.parametrize("column", Record._fields)
def test_a_change_of_one_character_in_any_column_is_found(column: str) -> None:
    records = list(RECORDS)
    changed = {column: other(getattr(records[1], column))}
    records[1] = records[1]._replace(**changed)
    assert broken(records).startswith("record 2 ")


def test_text_that_moves_to_the_next_column_is_found() -> None:
    records = list(RECORDS)
    records[1] = records[1]._replace(action="user:createusr_olga", target="")
    assert broken(records).startswith("record 2 ")


def test_a_value_of_another_type_is_found_though_it_reads_the_same() -> None:
    shown = written("b'org_acme'")[0]
    forged: Any = b"org_acme"
    assert broken([shown._replace(organisation_id=forged)]).startswith("record 1 ")


def test_the_sentence_says_which_record_it_is() -> None:
    records = [RECORDS[0]._replace(target="usr_eve")]
    assert broken(records) == (
        "record 1 (aud_1, user:create, 2026-11-21T03:00:00.000000Z) is not what was recorded"
    )


def test_a_record_that_was_taken_out_is_missed() -> None:
    assert broken(RECORDS[:1] + RECORDS[2:]) == "record 2 is missing: after record 1 comes 3"


def test_records_that_changed_places_are_found() -> None:
    swapped = [RECORDS[0], RECORDS[2]._replace(seq=2), RECORDS[1]._replace(seq=3), RECORDS[3]]
    assert broken(swapped).startswith("record 2 ")


def test_a_record_that_was_put_between_is_found() -> None:
    forged = Chain(1, RECORDS[0].hash).add(DRAFT)
    shifted = [record._replace(seq=record.seq + 1) for record in RECORDS[1:]]
    assert broken([RECORDS[0], forged, *shifted]).startswith("record 2 ")


def test_a_record_that_was_written_anew_is_missed_by_the_next_of_another_organisation() -> None:
    forged = Chain(1, RECORDS[0].hash).add(DRAFT._replace(organisation_id="org_globex", target="x"))
    assert broken([RECORDS[0], forged, *RECORDS[2:]]).startswith("record 3 ")
