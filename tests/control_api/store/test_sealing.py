"""Secrets at rest: they open where they were sealed, with the right key, and nowhere else."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from hyperion_control.errors import Unavailable
from hyperion_control.store import keys
from hyperion_control.store.sealing import ID_BYTES, Sealer, key_of
from hyperion_control.usecases.parts import Parts
from lab.databases import MASTER_KEY

HERE = "users.totp_seed:usr_1"


def another(parts: Parts, master: bytes | None = MASTER_KEY) -> Sealer:
    """As another process has it."""
    return Sealer(parts.database, parts.clock, master)


def test_what_was_sealed_opens_in_another_process(parts: Parts) -> None:
    sealed = parts.sealer.seal(b"JBSWY3DP", HERE)
    assert b"JBSWY3DP" not in sealed
    assert another(parts).open(sealed, HERE) == b"JBSWY3DP"


def test_the_same_secret_never_looks_the_same(parts: Parts) -> None:
    assert parts.sealer.seal(b"x", HERE) != parts.sealer.seal(b"x", HERE)


def test_a_value_that_was_moved_to_another_row_does_not_open(parts: Parts) -> None:
    sealed = parts.sealer.seal(b"x", HERE)
    for elsewhere in ("users.totp_seed:usr_2", "users.totp_pending:usr_1", ""):
        with pytest.raises(Unavailable, match="changed or moved"):
            parts.sealer.open(sealed, elsewhere)


def test_a_value_with_any_byte_changed_does_not_open(parts: Parts) -> None:
    sealed = parts.sealer.seal(b"x", HERE)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unavailable):
            parts.sealer.open(bytes(changed), HERE)


@pytest.mark.parametrize("length", [0, 1, ID_BYTES, ID_BYTES + 11, ID_BYTES + 12])
def test_a_value_that_was_cut_does_not_open(parts: Parts, length: int) -> None:
    with pytest.raises(Unavailable):
        parts.sealer.open(parts.sealer.seal(b"x", HERE)[:length], HERE)


def test_a_key_of_another_process_is_used_from_then_on(parts: Parts) -> None:
    other = another(parts)
    before = other.seal(b"x", HERE)
    with parts.database.writing() as connection:
        keys.add(connection, parts.sealer.new_key("seal"))
    after = other.seal(b"x", HERE)
    assert key_of(after) != key_of(before)
    assert other.open(before, HERE) == parts.sealer.open(after, HERE) == b"x"


def test_a_keyed_hash_is_found_again_and_tells_nothing(parts: Parts) -> None:
    hashed = parts.sealer.keyed_hash("ada", "username")
    assert len(hashed) == 64
    assert another(parts).keyed_hash("ada", "username") == hashed
    assert parts.sealer.keyed_hash("ada", "recovery-code") != hashed
    assert parts.sealer.keyed_hash("adb", "username") != hashed


def test_a_keyed_hash_stays_when_the_keys_are_renewed(parts: Parts) -> None:
    before = parts.sealer.keyed_hash("ada", "username")
    with parts.database.writing() as connection:
        keys.add(connection, parts.sealer.new_key("seal"))
    assert another(parts).keyed_hash("ada", "username") == before


def test_a_derived_secret_depends_on_the_master_key_and_the_purpose(parts: Parts) -> None:
    cookie = parts.sealer.secret_for("cookie")
    assert cookie == another(parts).secret_for("cookie")
    assert cookie != parts.sealer.secret_for("other")
    assert cookie != another(parts, bytes(32)).secret_for("cookie")


def test_two_that_prepare_at_once_make_one_set_of_keys(parts: Parts) -> None:
    with parts.database.writing() as connection:
        connection.execute(text("DELETE FROM keys"))
    prepare: Callable[[], None] = another(parts).prepare
    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with parts.database.reading() as connection:
        assert sorted(key.purpose for key in keys.all_of(connection)) == ["hash", "seal"]


@pytest.mark.parametrize(
    ("master", "said"),
    [(None, "there is no secret key: run hyperion-control init"), (bytes(32), "is not the one")],
)
def test_without_the_right_master_key_nothing_opens(
    parts: Parts, master: bytes | None, said: str
) -> None:
    sealed = parts.sealer.seal(b"x", HERE)
    with pytest.raises(Unavailable, match=said):
        another(parts, master).open(sealed, HERE)


def test_a_database_without_keys_says_what_to_do(parts: Parts) -> None:
    with parts.database.writing() as connection:
        connection.execute(text("DELETE FROM keys"))
    with pytest.raises(Unavailable, match="no keys yet: run hyperion-control init"):
        another(parts).seal(b"x", HERE)
