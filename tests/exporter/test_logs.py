"""A line of the log, as logfmt and as JSON."""

import json
import logging
import sys

from hyperion_exporter.logs import Line

AT = 1760613545.25


def record(sentence: str, fault: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("a\nb")
    except ValueError:
        made = logging.LogRecord(
            "x", logging.WARNING, __file__, 1, "%s", (sentence,), sys.exc_info() if fault else None
        )
    made.created, made.msecs = AT, 250.9
    return made


def test_a_line_of_logfmt_says_when_how_grave_and_what() -> None:
    assert Line("logfmt").format(record('a "b"')) == (
        'time=2025-10-16T11:19:05.250Z level=WARNING msg="a \\"b\\""'
    )


def test_a_line_of_json_says_the_same() -> None:
    said = json.loads(Line("json").format(record('a "b"')))
    assert said == {"time": "2025-10-16T11:19:05.250Z", "level": "WARNING", "msg": 'a "b"'}


def test_what_was_raised_stays_on_the_line() -> None:
    for form in ("logfmt", "json"):
        line = Line(form).format(record("it failed", fault=True))
        assert "\n" not in line
        assert "ValueError: a\\nb" in line
