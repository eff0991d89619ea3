"""Argon2id for passwords, so few at a time that a storm of logins leaves room for the rest."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from hyperion_control.domain.passwords import normalised
from hyperion_control.errors import TooMany

MEMORY_KIB = 19 * 1024
PASSES = 2
# Those that wait hold a thread of the server each.
QUEUE = 4


class Hasher:
    def __init__(self, parallel: int = os.cpu_count() or 1, queue: int = QUEUE) -> None:
        self._argon2 = PasswordHasher(PASSES, MEMORY_KIB, parallelism=1, type=Type.ID)
        self._working = threading.BoundedSemaphore(parallel)
        self._present = threading.BoundedSemaphore(parallel + queue)

    def hash(self, password: str) -> str:
        with self._turn():
            return self._argon2.hash(normalised(password))

    def matches(self, known: str | None, password: str) -> bool:
        """Takes as long when there is nothing to compare with."""
        if known is None:
            self.hash(password)
            return False
        try:
            with self._turn():
                return self._argon2.verify(known, normalised(password))
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, known: str) -> bool:
        """Made with less work than we ask for now."""
        return self._argon2.check_needs_rehash(known)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._present.acquire(blocking=False):
            raise TooMany("too many people sign in at this moment: try again", seconds=1)
        try:
            with self._working:
                yield
        finally:
            self._present.release()
