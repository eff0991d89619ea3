"""Lines of a journal, and what a machine is asked for them."""

import json
from datetime import UTC, datetime

import pytest

from hyperion_control.domain import journal
from hyperion_control.domain.journal import Line, Wanted
from hyperion_control.errors import Invalid

CURSOR = (
    "s=a3d2bb870e3049a5b696969375a18f74;i=4a;b=adbd53d06c6945dd86a9f58efe461eae;"
    "m=59c229cff;t=660c7a212ae2f;x=5b9231a106a0eee6"
)
SAID = {
    "__CURSOR": CURSOR,
    "__REALTIME_TIMESTAMP": "1795260394155567",
    "__MONOTONIC_TIMESTAMP": "24094350591",
    "_BOOT_ID": "adbd53d06c6945dd86a9f58efe461eae",
    "PRIORITY": "3",
    "SYSLOG_IDENTIFIER": "sshd",
    "_PID": "45",
    "MESSAGE": "no such user",
}
AT = datetime(2026, 11, 21, 11, 26, 34, 155567, tzinfo=UTC)


def read(**more: object) -> Line:
    line = journal.read(json.dumps({**SAID, **more}))
    assert line
    return line


def test_a_line_is_read() -> None:
    assert read() == Line(CURSOR, AT, "err", "sshd", 45, "no such user")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([110, 111, 255], "no\\xff"),
        (["one", "two"], "one\ntwo"),
        (None, ""),
        ([], ""),
        (7, "7"),
        ([[110], "x"], "n\nx"),
        ([-1, 10**9 + 7], "\\xff\x07"),
    ],
)
def test_a_message_that_is_no_plain_text_is_read_as_well_as_can_be(
    said: object, message: str
) -> None:
    assert read(MESSAGE=said).message == message


@pytest.mark.parametrize("said", [None, "8", "-1", "err", ["3", "4"], "", "٣"])
def test_an_odd_priority_is_as_if_none_were_given(said: object) -> None:
    assert read(PRIORITY=said).priority == "info"


def test_what_is_not_whole_is_left_out() -> None:
    whole = json.dumps(SAID)
    texts = [whole[40:], whole, "", "null", "[]", "7", whole[:-5], '{"__CURSOR": 1}']
    assert journal.lines("\n".join(texts)) == [read()]
    for odd in ("x", "1" * 40, None, "-99999999999999999999"):
        assert journal.read(json.dumps({**SAID, "__REALTIME_TIMESTAMP": odd})) is None


def test_a_terminal_is_shown_no_character_that_it_would_obey() -> None:
    evil = read(MESSAGE="\x1b[2Ja\nb\u202ec\x07é", SYSLOG_IDENTIFIER="x\r")
    [shown] = journal.plain([evil])
    assert shown == ("2026-11-21T11:26:34.155Z x\\r[45]: \\x1b[2Ja\\nb\\u202ec\\x07é\n")


def test_a_machine_is_asked_in_words() -> None:
    wanted = Wanted(5, AT, "warning", CURSOR)
    words = journal.argv("a.service", wanted)
    assert words[:2] == ("journalctl", "--unit=a.service")
    assert {"--since=@1795260394", "--priority=warning", "--lines=5"} <= set(words)
    assert f"--after-cursor={CURSOR}" in words
    assert "--follow" not in words


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "s=0",
        "s=0;i=1\n",
        "s=0;i=1 --file=/etc/shadow",
        "s=0;i=$(id)",
        "s=0;i=" + "0" * 99,
        ";",
    ],
)
def test_only_a_cursor_is_taken_for_one(cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        journal.argv("a.service", Wanted(after=cursor))
