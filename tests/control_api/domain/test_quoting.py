"""Words go through shells and come out as they were, whatever bytes they hold."""

import os
import random
import shutil
import subprocess

import pytest

from hyperion_control.domain.quoting import line

# The first three are on every Debian; the others join in where they are installed.
SHELLS = ["sh", "bash", "dash", *filter(shutil.which, ("zsh", "ksh", "fish"))]
HOSTILE = [
    "", " ", "-", "--", "-rf", "~", "~root", "*", "?", "[a-z]", "{a,b}", "!", "!!", "#", "%1",
    "=ls", "$HOME", "${IFS}", "$(id)", "`id`", "$'\\x41'", '$"x"', "a;id", "a&&id", "a|id", "a&",
    "(id)", "a\nid", "a\rid", "\t", "\\", "\\\\", "\\'", "'", "''", '"', "'\"'\"'", "\\n",
    "\\\n", "a\\", "<x", ">x", "2>&1", "\x01", "\x7f", "\x1b[31m", "é", "\u202e", "\U0001f600",
    "a=b", "@file", "^x", "time", "if", "exit",
]  # fmt: skip


def through(shell: str, words: list[str]) -> list[str]:
    script = line(["printf", "%s\\0", *words])
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True)
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


def test_plain_words_stay_readable() -> None:
    assert line(["ls", "-l", "/var/log/a.b_c"]) == (b"ls -l /var/log/a.b_c")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_means_something_to_a_shell_means_nothing_here(shell: str) -> None:
    assert through(shell, HOSTILE) == HOSTILE


@pytest.mark.parametrize("shell", SHELLS)
def test_every_byte_and_every_pair_with_a_quote_comes_through(shell: str) -> None:
    every = [os.fsdecode(bytes([byte])) for byte in range(1, 256)]
    words = [word for one in every for word in (one, f"'{one}", f"\\{one}", f'"{one}', f"${one}")]
    assert through(shell, words) == words


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("seed", range(5))
def test_random_words_come_through(shell: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    quotes = b"'\"\\$`!\n "
    words = [
        os.fsdecode(bytes(
            dice.choice(quotes) if dice.random() < 0.4 else dice.randrange(1, 256)
            for _ in range(dice.randrange(24))
        ))
        for _ in range(400)
    ]  # fmt: skip
    assert through(shell, words) == words
