"""The key by which a machine proves to SSH that it is itself."""

import base64
import binascii
import hashlib
from enum import StrEnum


class KeyState(StrEnum):
    UNKNOWN = "unknown"  # never met
    PENDING = "pending"  # met, not approved yet
    PINNED = "pinned"
    CHANGED = "changed"  # another one than the pinned was met: nothing is sent until approved


def key_state(pinned: str, offered: str) -> KeyState:
    if offered:
        return KeyState.CHANGED if pinned else KeyState.PENDING
    return KeyState.PINNED if pinned else KeyState.UNKNOWN


def fingerprint(key: str) -> str:
    """Of a line such as `ssh-ed25519 AAAA…`, as ssh-keygen shows it."""
    try:
        raw = base64.b64decode(key.split()[1], validate=True)
    except (IndexError, binascii.Error):
        raise ValueError("this is no public key of a machine") from None
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
