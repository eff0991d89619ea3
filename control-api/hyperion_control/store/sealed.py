"""Where sealed values are: every column, and what its values are sealed for."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, func, select, update

from hyperion_control.store.commands import commands
from hyperion_control.store.receivers import receivers
from hyperion_control.store.replays import replays
from hyperion_control.store.sealing import ID_BYTES
from hyperion_control.store.ssh_keys import ssh_keys
from hyperion_control.store.users import users


@dataclass(frozen=True)
class Sealed:
    """The values of a column, each sealed for its row."""

    column: Column[Any]
    row: Column[Any]  # names the row, in the context and in the database

    def context(self, row: str) -> str:
        return f"{self.column}:{row}"


RECEIVER = Sealed(receivers.c.address, receivers.c.id)
SEALED = (
    Sealed(users.c.totp_seed, users.c.id),
    Sealed(users.c.totp_pending, users.c.id),
    Sealed(ssh_keys.c.private, ssh_keys.c.id),
    RECEIVER,
    Sealed(commands.c.stdin, commands.c.id),
    Sealed(replays.c.answer, replays.c.id),
)


def under_other_keys(
    connection: Connection, place: Sealed, key_id: str, most: int
) -> list[tuple[str, bytes]]:
    """The name and the value of rows that are not sealed with this key."""
    key = func.substr(place.column, 1, ID_BYTES)
    wanted = select(place.row, place.column).where(key != key_id.encode())
    return [(row[0], row[1]) for row in connection.execute(wanted.limit(most))]


def replace(connection: Connection, place: Sealed, row: str, old: bytes, new: bytes) -> None:
    """Left alone when it was changed meanwhile."""
    same = (place.row == row, place.column == old)
    connection.execute(update(place.column.table).where(*same).values({place.column: new}))


def keys_in_use(connection: Connection) -> set[str]:
    found: set[str] = set()
    for place in SEALED:
        key = func.substr(place.column, 1, ID_BYTES)
        wanted = select(key).where(place.column.is_not(None)).distinct()
        found |= {bytes(used).decode() for used in connection.execute(wanted).scalars()}
    return found
