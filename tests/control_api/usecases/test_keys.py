"""Renewing keys: every secret moves on, nothing is lost, old keys go when they may."""

import itertools
import threading
from typing import Any

import pytest
from sqlalchemy import LargeBinary, text

from hyperion_control.errors import Unavailable
from hyperion_control.store import keys as table
from hyperion_control.store import sealed, users
from hyperion_control.store.sealing import Sealer, key_of
from hyperion_control.store.tables import catalogue
from hyperion_control.store.users import User
from hyperion_control.usecases import keys
from hyperion_control.usecases.parts import Parts
from lab.databases import MASTER_KEY

NEW_MASTER = bytes(range(32, 64))


def context(number: int) -> str:
    return f"users.totp_seed:usr_{number}"


def add(parts: Parts, number: int) -> None:
    seed = parts.sealer.seal(f"seed {number}".encode(), context(number))
    user = User(0, f"usr_{number}", f"user{number}", parts.clock(), totp_seed=seed)
    with parts.database.writing("*") as connection:
        users.add(connection, user)


def seed(parts: Parts, number: int) -> bytes:
    with parts.database.reading("*") as connection:
        found = users.get(connection, f"usr_{number}")
    assert found is not None
    assert found.totp_seed is not None
    return found.totp_seed


def key_ids(parts: Parts) -> list[str]:
    with parts.database.reading() as connection:
        return [key.id for key in table.all_of(connection) if key.purpose == "seal"]


def test_every_secret_is_sealed_anew_and_still_opens(parts: Parts) -> None:
    for number in range(5):
        add(parts, number)
    rotated = keys.rotate(parts, batch=2)
    assert rotated.values == 5
    for number in range(5):
        assert key_of(seed(parts, number)) == rotated.key_id
        assert parts.sealer.open(seed(parts, number), context(number)) == b"seed %d" % number


# Bytes that are no secret of ours, or wrapped by the master key itself.
NOT_SEALED = {"keys.wrapped", "outputs.bytes", "photos.image", "pushes.page"}


def test_every_column_that_holds_sealed_values_is_in_the_list() -> None:
    columns = (column for table in catalogue.tables.values() for column in table.columns)
    binary = {str(column) for column in columns if isinstance(column.type, LargeBinary)}
    assert {str(place.column) for place in sealed.SEALED} == binary - NOT_SEALED


def test_a_key_goes_when_it_was_followed_an_hour_ago_and_nothing_needs_it(
    parts: Parts, clock: Any
) -> None:
    [first] = key_ids(parts)
    add(parts, 1)
    second = keys.rotate(parts).key_id
    assert key_ids(parts) == [first, second]
    clock.forward(3599)
    third = keys.rotate(parts).key_id
    assert key_ids(parts) == [first, second, third]
    clock.forward(2)
    assert keys.rotate(parts).forgotten == 1
    assert first not in key_ids(parts)
    assert parts.sealer.open(seed(parts, 1), context(1)) == b"seed 1"


def test_a_key_that_something_is_sealed_with_stays(parts: Parts, clock: Any) -> None:
    add(parts, 1)
    with parts.database.writing() as connection:
        table.add(connection, parts.sealer.new_key("seal"))
    clock.forward(7200)
    assert keys.forget_unused(parts) == 0
    assert parts.sealer.open(seed(parts, 1), context(1)) == b"seed 1"


def test_what_was_cut_short_is_done_the_next_time(parts: Parts) -> None:
    add(parts, 1)
    with parts.database.writing() as connection:
        table.add(connection, parts.sealer.new_key("seal"))
    rotated = keys.rotate(parts)
    assert key_of(seed(parts, 1)) == rotated.key_id


def test_a_secret_that_changes_meanwhile_is_not_undone(parts: Parts) -> None:
    add(parts, 1)
    old, [place] = seed(parts, 1), [p for p in sealed.SEALED if p.column.name == "totp_seed"]
    newer = parts.sealer.seal(b"newer", context(1))
    with parts.database.writing("*") as connection:
        users.change(connection, "usr_1", {"totp_seed": newer})
        sealed.replace(connection, place, "usr_1", old, b"from before")
    assert parts.sealer.open(seed(parts, 1), context(1)) == b"newer"


def test_people_go_on_signing_up_while_keys_are_renewed(parts: Parts) -> None:
    stop, numbers = threading.Event(), itertools.count()

    def sign_up() -> None:
        while not stop.is_set():
            add(parts, next(numbers))

    other = threading.Thread(target=sign_up)
    other.start()
    for _ in range(3):
        keys.rotate(parts)
    stop.set()
    other.join()
    for number in range(next(numbers)):
        assert parts.sealer.open(seed(parts, number), context(number)) == b"seed %d" % number


def test_another_master_key_opens_all_and_the_one_before_nothing(parts: Parts) -> None:
    add(parts, 1)
    hashed = parts.sealer.keyed_hash("ada", "username")
    assert keys.rewrap(parts, NEW_MASTER) == 2
    fresh = Sealer(parts.database, parts.clock, NEW_MASTER)
    assert fresh.open(seed(parts, 1), context(1)) == b"seed 1"
    assert fresh.keyed_hash("ada", "username") == hashed
    with pytest.raises(Unavailable, match="is not the one"):
        Sealer(parts.database, parts.clock, MASTER_KEY).open(seed(parts, 1), context(1))


def test_a_renewal_is_recorded(parts: Parts) -> None:
    keys.rotate(parts)
    with parts.database.reading("*") as connection:
        found = connection.execute(text("SELECT action, phase FROM records ORDER BY seq")).all()
    assert [tuple(row) for row in found] == [("key:rotate", "intent"), ("key:rotate", "outcome")]


def test_a_secret_that_does_not_open_stops_the_renewal_and_loses_nothing(parts: Parts) -> None:
    add(parts, 1)
    moved = seed(parts, 1)
    add(parts, 2)
    with parts.database.writing("*") as connection:
        users.change(connection, "usr_2", {"totp_seed": moved})
    with pytest.raises(Unavailable, match="changed or moved"):
        keys.rotate(parts)
    assert seed(parts, 2) == moved
    assert parts.sealer.open(seed(parts, 1), context(1)) == b"seed 1"
