"""The log: one line an entry, whatever is in it."""

import json
import logging
import sys

from hyperion_control.logs import JsonLine


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("hyperion_control.x", logging.INFO, "x.py", 1, message, (), None)
    made.created = 1_795_230_000.0625
    made.__dict__.update(extra)
    return made


def test_an_entry_says_when_in_utc_and_from_where() -> None:
    assert json.loads(JsonLine().format(record("ready", request_id="req_1"))) == {
        "time": "2026-11-21T03:00:00.062Z",
        "level": "info",
        "from": "hyperion_control.x",
        "message": "ready",
        "request_id": "req_1",
    }


def test_what_a_client_sends_cannot_forge_a_line_or_turn_the_terminal() -> None:
    line = JsonLine().format(record("a\r\nb\x1b[31m\u202e"))
    assert line.isascii()
    assert line.isprintable()


def test_a_trace_stays_in_its_line() -> None:
    try:
        raise ValueError("lost")
    except ValueError:
        line = JsonLine().format(record("failed", exc_info=sys.exc_info()))
    assert "\n" not in line
    assert "ValueError: lost" in json.loads(line)["trace"]
