"""Lines of several machines, each with the name of who said it."""

from hyperion_control.domain.prefixed import LONGEST, Lines


def test_lines_are_gathered_for_each_machine_and_stream() -> None:
    lines = Lines()
    assert lines.add("web-1", "stdout", 0, b"one\ntw") == b"web-1 | one\n"
    assert lines.add("web-2", "stdout", 0, b"1\n") == b"web-2 | 1\n"
    assert lines.add("web-1", "stderr", 0, b"oh\n") == b"web-1 ! oh\n"
    assert lines.add("web-1", "stdout", 6, b"o\n\n") == b"web-1 | two\nweb-1 | \n"
    assert lines.rest() == b""


def test_a_line_without_end_is_told_at_the_end() -> None:
    lines = Lines()
    assert lines.add("a", "stdout", 0, b"no end") == b""
    assert lines.rest() == b"a | no end\n"


def test_a_line_that_is_too_long_is_told_in_parts() -> None:
    told = Lines().add("a", "stdout", 0, (2 * LONGEST + 1) * b"x")
    assert told == 2 * (b"a | " + LONGEST * b"x" + b"\n")


def test_what_is_not_kept_is_counted() -> None:
    lines = Lines()
    lines.add("a", "stdout", 0, b"begin")
    assert lines.add("a", "stdout", 1005, b"end\n") == (
        b"a | begin\na | [1000 bytes are not kept]\na | end\n"
    )


def test_bytes_that_are_no_text_stay() -> None:
    assert Lines().add("a", "stdout", 0, b"\xff\x00\n") == b"a | \xff\x00\n"
