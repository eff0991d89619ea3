"""What people, organisations and tokens may be called, and how a name is compared."""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

# Letters that no other alphabet imitates, and no @: a user name is never taken for an address.
USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
EMAIL = re.compile(r"[^@\s\"'<>,;:()\\]{1,64}@[^@\s\"'<>,;:()\\]{1,189}")
# What an erased user is called from then on.
ERASED = "erased-"
MOST_CHARACTERS = 100


def fold(text: str) -> str:
    """One form for all ways to type the same name or address."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def username(text: str) -> str:
    folded = fold(text)
    if not USERNAME.fullmatch(folded) or folded.startswith(ERASED):
        raise ValueError(
            "a user name has 1 to 64 letters a to z, digits, dots, dashes and underscores,"
            " begins and ends with a letter or digit, and does not begin with erased-"
        )
    return folded


def email(text: str) -> str:
    """As it was written, which is how it is sent to; compared by its folded form."""
    written = unicodedata.normalize("NFC", text).strip()
    if not EMAIL.fullmatch(written) or not written.isprintable():
        raise ValueError("this is no e-mail address: write one such as ada@example.org")
    return written


def title(text: str) -> str:
    """A name to be shown; without what would break a line or turn its direction."""
    written = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(written) <= MOST_CHARACTERS or not written.isprintable():
        raise ValueError(f"a name has 1 to {MOST_CHARACTERS} characters in one line")
    return written


def time_zone(text: str) -> str:
    if text not in _time_zones():
        raise ValueError("there is no such time zone: write one such as Europe/Paris")
    return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones()) | {"UTC"}
