"""Secrets at rest: sealed with a data key of the table, which the master key unwraps.

A sealed value begins with the id of its key. What it is sealed for (its context, such as
`users.totp_seed:usr_…`) is not in it: a value that was moved to another row does not open.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hyperion_control.domain import ids
from hyperion_control.errors import Unavailable
from hyperion_control.store import keys
from hyperion_control.store.database import Database
from hyperion_control.store.keys import Key

KEY_BYTES = 32
NONCE_BYTES = 12
ID_BYTES = len(ids.new("key"))
NO_MASTER = "there is no secret key: run hyperion-control init, or set HYPERION_SECRET_KEY_FILE"
WRONG_MASTER = (
    "the secret key is not the one that this database was sealed with:"
    " look at HYPERION_SECRET_KEY_FILE"
)


@dataclass(frozen=True)
class Ring:
    """The data keys, unwrapped."""

    sealing: dict[str, bytes] = field(default_factory=dict)
    newest: str = ""
    hashing: bytes = b""


class Sealer:
    """Keeps the data keys in memory; a key that another process made is looked up when met."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], master: bytes | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._given = master
        self._ring = Ring()

    def seal(self, text: bytes, context: str) -> bytes:
        # Read again each time: another process may have made a newer key, and secrets are seldom.
        ring = self.refresh()
        return _encrypt(ring.newest, ring.sealing[ring.newest], text, context)

    def open(self, sealed: bytes, context: str) -> bytes:
        key_id = key_of(sealed)
        ring = self._ring if key_id in self._ring.sealing else self.refresh()
        if key_id not in ring.sealing:
            raise Unavailable("the key of a sealed value is gone: restore a backup")
        try:
            return _decrypt(ring.sealing[key_id], sealed, context)
        except InvalidTag:
            raise Unavailable("a sealed value was changed or moved: restore a backup") from None

    def keyed_hash(self, text: str, purpose: str) -> str:
        """For what must be found again and not be read; stays the same when keys are rotated."""
        key = self._ring.hashing or self.refresh().hashing
        return hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hex()

    def secret_for(self, purpose: str) -> bytes:
        """Derived from the master key, so another one with another master key."""
        return hmac.digest(self._master(), f"secret\0{purpose}".encode(), hashlib.sha256)

    def prepare(self) -> None:
        """Makes the first keys of a new database; two at once make one."""
        with self._database.writing(alone="keys") as connection:
            if not keys.all_of(connection):
                for purpose in ("hash", "seal"):
                    keys.add(connection, self.new_key(purpose))
        self.refresh()

    def new_key(self, purpose: str) -> Key:
        key_id = ids.new("key")
        wrapped = _wrap(self._master(), key_id, os.urandom(KEY_BYTES))
        return Key(key_id, purpose, wrapped, self._clock())

    def rewrapped(self, key: Key, master: bytes) -> bytes:
        return _wrap(master, key.id, self._unwrap(key))

    def refresh(self) -> Ring:
        """Reads the keys of the database again, to use the newest from now on."""
        with self._database.reading() as connection:
            found = keys.all_of(connection)
        if not found:
            raise Unavailable("the database has no keys yet: run hyperion-control init")
        opened = {key.id: self._unwrap(key) for key in found}
        hashing = next(key.id for key in found if key.purpose == "hash")
        sealing = {key.id: opened[key.id] for key in found if key.purpose == "seal"}
        self._ring = Ring(sealing, list(sealing)[-1], opened[hashing])
        return self._ring

    def _unwrap(self, key: Key) -> bytes:
        try:
            return _decrypt(self._master(), key.wrapped, f"keys:{key.id}")
        except InvalidTag:
            raise Unavailable(WRONG_MASTER) from None

    def _master(self) -> bytes:
        if self._given is None:
            raise Unavailable(NO_MASTER)
        return self._given


def key_of(sealed: bytes) -> str:
    return sealed[:ID_BYTES].decode("ascii", "replace")


def _wrap(master: bytes, key_id: str, key: bytes) -> bytes:
    return _encrypt(key_id, master, key, f"keys:{key_id}")


def _encrypt(key_id: str, key: bytes, text: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return (
        key_id.encode() + nonce + AESGCM(key).encrypt(nonce, text, f"{key_id} {context}".encode())
    )


def _decrypt(key: bytes, sealed: bytes, context: str) -> bytes:
    nonce, text = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
    if len(nonce) < NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(nonce, text, f"{key_of(sealed)} {context}".encode())
