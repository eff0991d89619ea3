"""What a password must be: long, and not one of those that everybody tries first."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

SHORTEST = 12
LONGEST = 256
# More words than this are a phrase, which is what we ask for.
FEW_WORDS = 3
# Rows of keyboards, the alphabet and numbers, in the order in which fingers run over them.
RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "1234567890azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qwertzuiopasdfghjklyxcvbnm",
)
# What stands for a letter when people think they have hidden it.
DISGUISES = str.maketrans("0134578@$!€", "oieastbasie")
TOO_SHORT = f"a password has at least {SHORTEST} characters: four words that do not belong together"
TOO_LONG = f"a password has at most {LONGEST} characters"
TOO_COMMON = "this password is among those that are tried first: take four words of your own"


def normalised(password: str) -> str:
    """The same password on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def complaint(password: str, about: Iterable[str]) -> str:
    """One sentence when it cannot be taken, else nothing; `about` is what names its owner."""
    text = normalised(password)
    if len(text) < SHORTEST:
        return TOO_SHORT
    if len(text) > LONGEST:
        return TOO_LONG
    return TOO_COMMON if _is_common(text.casefold(), _words_in(about)) else ""


def _is_common(text: str, own: frozenset[str]) -> bool:
    plain = "".join(each for each in text if each.isalnum())
    known = _common_words() | own
    return (
        len(set(text)) < 5
        or _repeats(plain)
        or _runs(plain)
        or any(_few_words(letters, known) for letters in _readings(text))
    )


def _repeats(text: str) -> bool:
    """One piece again and again, the last time perhaps cut: abcdabcdabcd."""
    return any((text[:size] * len(text)).startswith(text) for size in range(1, len(text) // 2 + 1))


def _runs(text: str) -> bool:
    """Nothing but two runs, in either direction: qwertyuiop12, 123456abcdef."""
    return any(_is_run(text[:cut]) and _is_run(text[cut:]) for cut in range(len(text) + 1))


def _is_run(text: str) -> bool:
    return len(text) < 3 or any(text in run or text[::-1] in run for run in RUNS)


def _readings(text: str) -> set[str]:
    """The letters that are left when decoration is taken off, with and without disguises."""
    bare = text.strip("0123456789!?.,;:*+#$%&@_-/ ")
    both = (text, bare, bare.translate(DISGUISES))
    return {"".join(each for each in reading if each.isalpha()) for reading in both}


def _few_words(letters: str, known: Collection[str], most: int = FEW_WORDS) -> bool:
    """Whether it is made of so many known words, and of at least one."""
    if not letters or most == 0:
        return not letters and most < FEW_WORDS
    return any(
        letters[:size] in known and _few_words(letters[size:], known, most - 1)
        for size in range(1, len(letters) + 1)
    )


def _words_in(about: Iterable[str]) -> frozenset[str]:
    pieces = (piece for text in about for piece in re.split(r"[\W\d_]+", text.casefold()))
    return frozenset(piece for piece in pieces if len(piece) > 2)


@cache
def _common_words() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_words.txt").read_text().split())
