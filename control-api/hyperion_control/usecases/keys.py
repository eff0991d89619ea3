"""Renewing the keys that secrets are sealed with, while everything else goes on."""

from dataclasses import dataclass
from datetime import timedelta

from hyperion_control.domain.actors import SYSTEM
from hyperion_control.store import keys, sealed
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.sealed import Sealed
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# So short that no request waits long for the one writer of SQLite.
BATCH = 100
# A process that was about to seal with a key when another one followed it has long done so.
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Rotated:
    key_id: str
    values: int
    forgotten: int


def rotate(parts: Parts, batch: int = BATCH) -> Rotated:
    """A new key, and every value under it; cut short, the next time does what was left."""
    with parts.audit.acting(Entry(SYSTEM, "key:rotate", detail={"what": "data"})):
        key = parts.sealer.new_key("seal")
        with parts.database.writing() as connection:
            keys.add(connection, key)
        values = sum(_reseal(parts, place, key.id, batch) for place in sealed.SEALED)
        return Rotated(key.id, values, forget_unused(parts))


def rewrap(parts: Parts, master: bytes) -> int:
    """Puts the data keys under another master key; all of them, or none."""
    with (
        parts.audit.acting(Entry(SYSTEM, "key:rotate", detail={"what": "master"})),
        parts.database.writing(alone="keys") as connection,
    ):
        found = keys.all_of(connection)
        for key in found:
            keys.rewrap(connection, key.id, parts.sealer.rewrapped(key, master))
    return len(found)


def _reseal(parts: Parts, place: Sealed, key_id: str, batch: int) -> int:
    values = 0
    while done := _reseal_batch(parts, place, key_id, batch):
        values += done
    return values


def _reseal_batch(parts: Parts, place: Sealed, key_id: str, batch: int) -> int:
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        rows = sealed.under_other_keys(connection, place, key_id, batch)
    fresh = [(row, old, _sealed_anew(parts, place, row, old)) for row, old in rows]
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        for row, old, new in fresh:
            sealed.replace(connection, place, row, old, new)
    return len(fresh)


def _sealed_anew(parts: Parts, place: Sealed, row: str, old: bytes) -> bytes:
    context = place.context(row)
    return parts.sealer.seal(parts.sealer.open(old, context), context)


def forget_unused(parts: Parts) -> int:
    """The keys that nothing is sealed with and that were followed long ago."""
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        used = sealed.keys_in_use(connection)
        sealing = [key for key in keys.all_of(connection) if key.purpose == "seal"]
        old = [
            key.id
            for key, follower in zip(sealing, sealing[1:], strict=False)
            if key.id not in used and parts.clock() - follower.created_at > KEPT
        ]
        for key_id in old:
            keys.forget(connection, key_id)
    return len(old)
