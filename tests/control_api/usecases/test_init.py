"""The beginning: the first admin, once, whoever asks at the same time."""

import re
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from hyperion_control import environment
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict
from hyperion_control.store import memberships, users
from hyperion_control.store.users import User
from hyperion_control.usecases import init
from hyperion_control.usecases.init import FirstAdmin
from hyperion_control.usecases.parts import Parts


def first_user(parts: Parts) -> User:
    with parts.database.reading("*") as connection:
        user = users.named(connection, "ada")
    assert user is not None
    return user


def test_the_first_admin_runs_the_platform_and_its_first_organisation(parts: Parts) -> None:
    first = init.begin(parts, "ada", "Acme")
    assert first is not None
    user = first_user(parts)
    assert user.platform_admin
    with parts.database.reading("*") as connection:
        [membership] = memberships.of_user(connection, user.id)
    assert membership.role == Role.ADMIN


def test_the_password_is_good_once_and_the_secret_is_the_authenticators(parts: Parts) -> None:
    first = init.begin(parts, "ada", "Acme")
    assert first is not None
    user = first_user(parts)
    assert user.password_once
    assert parts.hasher.matches(user.password_hash, first.password)
    assert user.totp_seed is not None
    assert parts.sealer.open(user.totp_seed, f"users.totp_seed:{user.id}").decode() == first.secret
    assert first.secret in first.uri
    assert "█" in first.picture


def test_nothing_secret_is_in_what_a_program_might_log(parts: Parts) -> None:
    first = init.begin(parts, "ada", "Acme")
    assert first is not None
    assert first.password not in repr(first)
    assert first.secret not in repr(first)


def test_a_second_time_makes_and_shows_nobody(parts: Parts) -> None:
    init.begin(parts, "ada", "Acme")
    before = first_user(parts)
    assert init.begin(parts, "eve", "Evil") is None
    assert first_user(parts) == before


def test_two_at_once_make_one_admin(parts: Parts) -> None:
    made: list[FirstAdmin | None] = []

    def begin(name: str) -> None:
        made.append(init.begin(parts, name, f"of {name}"))

    threads = [threading.Thread(target=begin, args=(name,)) for name in ("ada", "eve", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in made if each]) == 1
    with parts.database.reading("*") as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 1


def test_the_first_admin_is_recorded_without_a_name(parts: Parts) -> None:
    init.begin(parts, "ada", "Acme")
    with parts.database.reading("*") as connection:
        rows = connection.execute(text("SELECT * FROM records")).all()
    assert rows[0].action == "user:create"
    # As a word: hashes are hexadecimal, and may hold these letters by chance.
    assert not re.search(r"\bada\b", str(rows), re.IGNORECASE)


def test_a_name_that_somebody_has_is_refused(parts: Parts) -> None:
    with parts.database.writing("*") as connection:
        users.add(connection, User(0, "usr_1", "ada", parts.clock()))
    with pytest.raises(Conflict, match="this user name is taken"):
        init.begin(parts, "ada", "Acme")


def test_a_key_file_is_for_its_owner_only_and_stays_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    init.make_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    assert len(environment.key(before.strip(), "it")) == 32
    init.make_key(file)
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]
