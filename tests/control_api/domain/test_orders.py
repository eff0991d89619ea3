"""What a machine can be told to run, and what it cannot."""

import pytest

from hyperion_control.domain.orders import MOST_STDIN_BYTES, MOST_WORDS_BYTES, Order
from hyperion_control.errors import Invalid


def test_a_program_keeps_its_words() -> None:
    assert Order(("ls", "-l", "a b")).words() == ("ls", "-l", "a b")


def test_its_environment_goes_before_it() -> None:
    order = Order(("ls", "x=1"), env={"A": "b c", "_X9": "$HOME"})
    assert order.words() == ("env", "A=b c", "_X9=$HOME", "ls", "x=1")


def test_neither_stdin_nor_what_a_log_would_show_of_it_holds_the_script() -> None:
    assert "hunter2" not in repr(Order(("sh",), stdin=b"echo hunter2"))


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"argv": ()}, "must name a program"),
        ({"argv": ("",)}, "must name a program"),
        ({"argv": ("-c", "id")}, "not begin with a dash"),
        ({"argv": ("a=b",), "env": {"A": "b"}}, "with = in its name"),
        ({"argv": ("ls", "a\0b")}, "NUL"),
        ({"argv": ("ls", "\ud800")}, "half a character"),
        ({"argv": ("ls", "x" * MOST_WORDS_BYTES)}, "use stdin"),
        ({"argv": ("ls",), "env": {"A": "a\0b"}}, "NUL"),
        ({"argv": ("ls",), "env": {"A-B": "c"}}, "no name of an environment variable"),
        ({"argv": ("ls",), "env": {"-i": "c"}}, "no name of an environment variable"),
        ({"argv": ("ls",), "env": {"A\n": "c"}}, "no name of an environment variable"),
        ({"argv": ("ls",), "stdin": bytes(MOST_STDIN_BYTES + 1)}, "stdin is longer"),
        ({"argv": ("ls",), "folder": "tmp"}, "must begin with /"),
        ({"argv": ("ls",), "folder": "-"}, "must begin with /"),
        ({"argv": ("ls",), "folder": "/a\0b"}, "NUL"),
        ({"argv": ("ls",), "user": "-x"}, "no name of a user"),
        ({"argv": ("ls",), "user": "#0"}, "no name of a user"),
        ({"argv": ("ls",), "user": "root\n"}, "no name of a user"),
        ({"argv": ("ls",), "seconds": 0}, "time limit"),
        ({"argv": ("ls",), "seconds": 10**6}, "time limit"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(order: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        Order(**order)  # type: ignore[arg-type]
