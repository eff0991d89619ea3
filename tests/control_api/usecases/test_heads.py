"""The head of the chain, told to a second place."""

import json
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyperion_control.domain.actors import SYSTEM
from hyperion_control.store import records
from hyperion_control.usecases import heads
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.workers import introduce


def tell(parts: Parts) -> None:
    heads.tell(parts, introduce(parts))


def to(parts: Parts, place: str) -> Parts:
    return replace(parts, settings=replace(parts.settings, audit_heads=place))


def test_each_head_is_a_line_in_a_file_that_nobody_else_reads(parts: Parts, clock: Any) -> None:
    tell(parts)
    parts.audit.note(Entry(SYSTEM, "user:read"))
    clock.forward(3600)
    tell(parts)
    with parts.database.reading("*") as connection:
        head = records.head(connection)
    file = Path(parts.settings.audit_heads)
    empty, last = map(json.loads, file.read_text().splitlines())
    assert (empty["seq"], empty["hash"]) == (0, "")
    assert last == {"at": "2026-11-21T04:00:00.000000Z", "seq": 1, "hash": head.hash}
    assert file.stat().st_mode & 0o777 == 0o600
    assert heads.told(file) == {0: "", 1: head.hash}


def test_the_system_s_log_can_be_the_second_place(parts: Parts, tmp_path: Path) -> None:
    place = str(tmp_path / "log")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
        log.bind(place)
        log.settimeout(10)
        tell(to(parts, f"syslog://{place}"))
        said = log.recv(1000).decode()
    assert said.startswith('<110>hyperion-control: audit head {"at": ')
    assert heads.file(to(parts, f"syslog://{place}").settings) is None


def test_a_file_that_was_never_written_tells_nothing(tmp_path: Path) -> None:
    assert heads.told(tmp_path / "none") == {}


def test_a_place_that_cannot_be_written_is_a_fault(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (f"{tmp_path}/file/heads.log", f"syslog://{tmp_path}/none"):
        with pytest.raises(OSError):
            tell(to(parts, place))
