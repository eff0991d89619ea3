"""What came of an action on a unit, and each way in which it can be refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from control_api.domain.test_unit_states import SERVICE
from hyperion_control.domain import unit_answers
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.unit_answers import Said
from hyperion_control.domain.unit_orders import NO_SYSTEMD, NO_UNIT, OTHER_IMPACT, PROTECTED
from hyperion_control.errors import Problem

UNIT = SERVICE.replace("ssh", "nginx").replace("sshd", "www")
FALLEN = SERVICE.replace("ssh", "php")
LOG = '{"__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795260394155567", "MESSAGE": "up"}\n'
MET = f"= before\n{UNIT}= falls\n{FALLEN}"
DONE = f"{MET}= after\n{UNIT}= log\n{LOG}= end\n"


def said(code: int | None, stdout: str, stderr: str = "") -> Said:
    out, err = stdout.encode(), stderr.encode()
    return Said(code, Excerpt(out, b"", len(out)), Excerpt(err, b"", len(err)))


def test_what_was_done_is_told_with_before_and_after_and_what_fell() -> None:
    acted = unit_answers.acted("restart", said(0, DONE, "Warning: changed on disk\n"))
    assert (acted.result, acted.said) == ("succeeded", "Warning: changed on disk")
    assert acted.after and acted.before.unit == acted.after.unit == "nginx.service"
    assert [each.unit for each in acted.falls] == ["php.service"]
    assert [line.message for line in acted.log] == ["up"]


@pytest.mark.parametrize(("code", "result"), [(1, "failed"), (2, "running")])
def test_an_action_that_was_done_and_failed_is_a_result(code: int, result: str) -> None:
    assert unit_answers.acted("start", said(code, DONE)).result == result


def test_a_dry_run_has_no_after() -> None:
    acted = unit_answers.acted("stop", said(0, f"{MET}= end\n"))
    assert (acted.result, acted.after, acted.log) == ("dry_run", None, [])
    found = unit_answers.impact(said(0, f"{MET}= end\n"))
    assert ([each.unit for each in found.falls], found.protected) == (["php.service"], "")


def test_impact_names_what_is_protected_and_refuses_nothing() -> None:
    found = unit_answers.impact(said(PROTECTED, f"{MET}= protected php.service\n= end\n"))
    assert found.protected == "php.service"


@pytest.mark.parametrize(
    ("code", "stdout", "status", "word", "members"),
    [
        (NO_SYSTEMD, "= end\n", 409, "no-systemd", {}),
        (NO_UNIT, "= end\n", 404, "no-unit", {}),
        (PROTECTED, f"{MET}= protected php.service\n= end\n", 409, "protected", "php.service"),
        (OTHER_IMPACT, f"{MET}= end\n", 409, "impact", ["php.service"]),
        (127, "= end\n", 503, "machine-failed", {}),
        (None, "= end\n", 503, "machine-failed", {}),
        (0, "= end\n", 503, "answer-unreadable", {}),
        (0, MET, 503, "answer-unreadable", {}),
    ],
)
def test_what_was_not_done_is_refused_with_the_reason(
    code: int | None, stdout: str, status: int, word: str, members: Any
) -> None:
    with pytest.raises(Problem) as refusal:
        unit_answers.acted("stop", said(code, stdout, "sh: 1: timeout: not found\n"))
    assert (refusal.value.status, refusal.value.code) == (status, word)
    if members:
        assert members in refusal.value.members.values()


def test_a_list_or_a_look_that_is_cut_is_never_half_of_one() -> None:
    half = said(0, f"= read\n{UNIT}")
    cut = Said(0, Excerpt(b"= read\n", b"", 5_000_000), Excerpt())
    for short in (half, cut):
        with pytest.raises(Problem):
            unit_answers.listed(short)


def test_a_unit_that_nobody_has_is_not_found() -> None:
    ghost = "= unit\nId=a.service\nLoadState=not-found\n= end\n"
    with pytest.raises(Problem, match="no such unit"):
        unit_answers.shown(said(0, ghost))
    with pytest.raises(Problem, match="does not run systemd"):
        unit_answers.shown(said(NO_SYSTEMD, ""))


def test_a_log_tells_when_the_machine_was_asked() -> None:
    text = f"1795260400\n{LOG}".encode()
    found = unit_answers.logged(Said(0, Excerpt(b"", text, len(text)), Excerpt()))
    assert [line.message for line in found.lines] == ["up"]
    assert found.at == datetime(2026, 11, 21, 11, 26, 40, tzinfo=UTC)


def test_of_a_long_log_the_newest_lines_are_told() -> None:
    tail = LOG[20:] + LOG + LOG
    found = unit_answers.logged(Said(0, Excerpt(b"", tail.encode(), 10**6), Excerpt()))
    assert (len(found.lines), found.at) == (2, None)
