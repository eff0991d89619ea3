"""Secrets as people carry them: a prefix that leak scanners find, 160 random bits, a checksum."""

import hashlib
import re
import secrets
import string
import zlib

LOGIN = "hyp_l_"
TOKEN = "hyp_t_"  # noqa: S105  not a secret but how one begins
LINK = "hyp_k_"
CHALLENGE = "hyp_c_"
ENROLMENT = "hyp_e_"
AGENT = "hyp_a_"

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LENGTH = 27  # the first that holds 160 bits
CHECKSUM_LENGTH = 6  # holds 32 bits


def new(prefix: str) -> str:
    start = prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{start}_{_checksum(start)}"


def is_one(prefix: str, text: str) -> bool:
    """Whether it can be one at all: a mistyped one costs no question to the database."""
    match = re.fullmatch(rf"({prefix}[0-9A-Za-z]{{{LENGTH}}})_([0-9A-Za-z]{{6}})", text)
    return match is not None and _checksum(match[1]) == match[2]


def hashed(text: str) -> str:
    """What the database keeps of it; 160 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(text: str) -> str:
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters = ALPHABET[letter] + letters
    return letters
