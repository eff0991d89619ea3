"""Names that we give: opaque, with a prefix that says what they name, and never to be guessed."""

import re
import secrets

ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"  # no i, l, o, u: they are misread
LENGTH = 20  # 5 bits each


def new(prefix: str) -> str:
    """`new("usr")` gives such as usr_3k9f0a…"""
    # One call for all: each hands the interpreter to another thread. 256 is a multiple of 32.
    return f"{prefix}_" + "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(LENGTH))


def is_one(prefix: str, text: str) -> bool:
    return re.fullmatch(rf"{prefix}_[a-z0-9]{{{LENGTH}}}", text) is not None
