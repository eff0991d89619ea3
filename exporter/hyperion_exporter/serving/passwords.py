"""Names with bcrypt passwords: checked slowly once, then remembered."""

import base64
import hmac
import os
import threading
from collections.abc import Callable, Mapping

# bcrypt is meant to be slow: one at a time leaves the machine its other processors.
CHECK_SECONDS = 5.0
MAX_REMEMBERED = 100


class Busy(Exception):
    """Others' passwords are being checked, and the wait for them got too long."""


class Passwords:
    def __init__(
        self,
        users: Mapping[str, str],
        matches: Callable[[bytes, bytes], bool],
        patience: float = CHECK_SECONDS,
    ) -> None:
        self._users = {name.encode(): hashed.encode() for name, hashed in users.items()}
        self._matches = matches
        self._patience = patience
        # An unknown name must cost what a known one costs, or time would tell them apart.
        dearest = max(users.values(), key=lambda hashed: hashed[len("$2y$") :])
        self._nobody = dearest[: len("$2y$10$")].encode() + b"." * 53
        self._secret = os.urandom(32)
        self._remembered: dict[bytes, None] = {}
        self._turn = threading.BoundedSemaphore(1)

    def right(self, authorization: str) -> bool:
        """Of the request's header; Busy where the answer would take too long."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            both = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            return False
        # Right ones are remembered, under a key that is worthless outside this process.
        key = hmac.digest(self._secret, both, "sha256")
        if key in self._remembered:
            return True
        if not self._turn.acquire(timeout=self._patience):
            raise Busy
        try:
            # While this one waited, another may have checked the same.
            right = key in self._remembered or self._checked(both)
            if right:
                self._remember(key)
        finally:
            self._turn.release()
        return right

    def _checked(self, both: bytes) -> bool:
        name, _, password = both.partition(b":")
        hashed = self._users.get(name)
        matched = self._matches(password, hashed or self._nobody)
        return matched and hashed is not None

    def _remember(self, key: bytes) -> None:
        if len(self._remembered) >= MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[key] = None
