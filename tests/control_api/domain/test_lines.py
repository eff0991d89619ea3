"""Records as lines: what other programs can read, and nothing that a client can forge."""

import csv
import io
import json
from typing import Any

import pytest

from hyperion_control.domain.chain import Chain, Record
from hyperion_control.domain.lines import Told, in_csv, ndjson, syslog
from lab.record import DRAFT

EVIL = 'x"]\\\r\n<110>1 forged\x1b[31m\u202e'


def told(**fields: Any) -> Told:
    return Told(Chain().add(DRAFT._replace(**{"organisation_id": None, **fields})), "Ada")


def test_ndjson_has_every_column_and_the_name() -> None:
    found = json.loads("".join(ndjson([told()])))
    assert set(found) == {*Record._fields, "actor_name"}
    assert (found["seq"], found["actor_name"], found["detail"]) == (1, "Ada", {"role": "operator"})


def test_csv_has_a_head_and_every_column() -> None:
    head, row = csv.reader(io.StringIO("".join(in_csv([told()]))))
    assert head == [*Record._fields, "actor_name"]
    assert dict(zip(head, row, strict=True))["detail"] == '{"role":"operator"}'


def test_syslog_is_as_rfc_5424_says() -> None:
    line = "".join(syslog([told()]))
    assert line.startswith(
        "<110>1 2026-11-21T03:00:00.000000Z - hyperion-control - user:create [hyperion@32473 seq="
    )
    assert ' actor_id="usr_ada" ' in line
    assert r'detail="{\"role\":\"operator\"}"' in line
    assert line.endswith('actor_name="Ada"]\n')


def test_what_was_refused_is_a_notice_to_syslog() -> None:
    assert "".join(syslog([told(decision="refused")])).startswith("<109>")
    assert "".join(syslog([told(outcome="failed")])).startswith("<109>")


@pytest.mark.parametrize("lines", [ndjson, syslog])
def test_nothing_that_a_client_sends_begins_a_line(lines: object) -> None:
    assert callable(lines)
    text = "".join(lines([told(user_agent=EVIL)]))
    assert text.count("\n") == 1
    assert text.isascii()
    assert text.strip().isprintable()


def test_what_a_client_sends_comes_through_csv_whole() -> None:
    rows = list(csv.DictReader(io.StringIO("".join(in_csv([told(user_agent=EVIL)])), newline="")))
    assert [row["user_agent"] for row in rows] == [EVIL]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_spreadsheet_computes_nothing(begin: str) -> None:
    text = "".join(in_csv([told(user_agent=f"{begin}cmd|' /C calc'!A0")]))
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row["user_agent"].startswith(f"'{begin}")
