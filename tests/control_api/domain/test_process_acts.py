"""What a machine says became of processes."""

import pytest

from hyperion_control.domain import process_acts, processes
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.process_acts import Fate
from hyperion_control.domain.process_orders import REFUSED, SURVIVED
from hyperion_control.errors import Invalid, Problem

BOOT = "95adb6e8-bf20-48cc-91a0-0dbe8e055a39"


def fates(code: int, said: bytes, fault: bytes = b"") -> list[Fate]:
    out, err = Excerpt(said, b"", len(said)), Excerpt(fault, b"", len(fault))
    return process_acts.fates(BOOT, code, out, err)


def refusal(code: int, said: bytes, fault: bytes = b"") -> tuple[str, str]:
    with pytest.raises(Problem) as refused:
        fates(code, said, fault)
    return refused.value.code, str(refused.value)


def test_each_process_has_its_fate() -> None:
    said = b"found 7 90 a b\nfound 8 91 gone 7\xff\nprotected 8\nfound 9 92 \nsurvived 7\ngone 9\n"
    assert fates(SURVIVED, said) == [
        Fate(7, f"90-{BOOT}", "a b", "survived"),
        Fate(8, f"91-{BOOT}", "gone 7\\xff", "protected"),
        Fate(9, f"92-{BOOT}", "", "gone"),
    ]


@pytest.mark.parametrize(
    ("said", "fault", "code", "sentence"),
    [
        (b"changed\n", b"", "process-changed", "belongs to another process now"),
        (b"protected sshd\n", b"", "process-protected", "the way in for everybody"),
        (b"protected first\n", b"", "process-protected", "the first process"),
        (b"denied\n", b"renice: not permitted\n", "process-denied", ": renice: not permitted"),
        (b"denied\n", b"", "process-denied", "login may not do this"),
    ],
)
def test_what_was_not_done_is_refused(said: bytes, fault: bytes, code: str, sentence: str) -> None:
    found = refusal(REFUSED, said, fault)
    assert found[0] == code
    assert sentence in found[1]


@pytest.mark.parametrize(
    ("code", "said", "fault", "sentence"),
    [
        (127, b"", b"sh: 1: renice: not found\n", "sh: 1: renice: not found"),
        (2, b"", b"", "exit status 2"),
        (0, b"found 7 90 cat\n", b"", "KeyError"),
        (0, b"found x 90 cat\ngone x\n", b"", "ValueError"),
        (0, b"found 7\ngone 7\n", b"", "IndexError"),
        (0, b"found\n", b"", "IndexError"),
    ],
)
def test_what_cannot_be_told_is_a_fault(
    code: int, said: bytes, fault: bytes, sentence: str
) -> None:
    assert sentence in refusal(code, said, fault)[1]


def test_a_start_is_taken_apart_as_it_was_shown() -> None:
    assert processes.born(f"900-{BOOT}") == ("900", BOOT)


@pytest.mark.parametrize(
    "start", ["", "900", f"-{BOOT}", f"9 0-{BOOT}", f"$(id)-{BOOT}", f"900-{BOOT}\n", f"٣-{BOOT}"]
)
def test_no_other_start_reaches_a_machine(start: str) -> None:
    with pytest.raises(Invalid, match="list them again"):
        processes.born(start)
