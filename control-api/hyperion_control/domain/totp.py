"""Codes of authenticators (RFC 6238), the picture that they read, and recovery codes."""

import io
import re
import secrets
from datetime import datetime

import pyotp
import segno

from hyperion_control.domain.ids import ALPHABET

STEP_SECONDS = 30
ISSUER = "Hyperion"
RECOVERY_CODES = 10
# Five bits each: 80 bits.
RECOVERY_LENGTH = 16


def new_seed() -> str:
    """160 bits, as authenticators take them."""
    return pyotp.random_base32()


def matched_step(seed: str, code: str, now: datetime) -> int | None:
    """The step that the code is of: this one or the one before, since people type slowly."""
    if not is_code(code):
        return None
    current = int(now.timestamp()) // STEP_SECONDS
    generator = pyotp.HOTP(seed)
    steps = (current, current - 1)
    matching = [s for s in steps if secrets.compare_digest(generator.at(s), code)]
    return matching[0] if matching else None


def is_code(text: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", text) is not None


def squeezed(text: str) -> str:
    """As people type it: with spaces and dashes, in capitals."""
    return re.sub(r"[\s-]", "", text).lower()


def recovery_codes() -> list[str]:
    return [_grouped() for _ in range(RECOVERY_CODES)]


def uri(seed: str, username: str) -> str:
    return pyotp.TOTP(seed).provisioning_uri(name=username, issuer_name=ISSUER)


def svg(uri: str) -> str:
    """As an element to stand in a page; light behind it, so that it reads on dark pages too."""
    picture = io.BytesIO()
    segno.make(uri, error="m").save(
        picture, kind="svg", scale=5, light="#fff", xmldecl=False, nl=False
    )
    return picture.getvalue().decode()


def terminal(uri: str) -> str:
    picture = io.StringIO()
    segno.make(uri, error="l").terminal(picture, compact=True)
    return picture.getvalue()


def _grouped() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(re.findall("....", letters))
