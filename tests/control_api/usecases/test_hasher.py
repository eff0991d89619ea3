"""Argon2id, a few at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest

from hyperion_control.errors import TooMany
from hyperion_control.usecases.hasher import Hasher
from lab.wait import wait_for

PASSWORD = "a horse, a staple and a pump"


def test_a_password_matches_its_hash_and_no_other_does() -> None:
    hasher = Hasher()
    known = hasher.hash(PASSWORD)
    assert hasher.matches(known, PASSWORD)
    assert not hasher.matches(known, PASSWORD + " ")


def test_the_hash_is_argon2id_with_19_mib_and_two_passes() -> None:
    found = argon2.extract_parameters(Hasher().hash(PASSWORD))
    assert found.type is argon2.Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)


def test_the_keyboard_makes_no_difference() -> None:
    hasher = Hasher()
    assert hasher.matches(hasher.hash("cafe\u0301 au lait"), "caf\u00e9 au lait")


def test_one_made_with_less_work_is_outdated() -> None:
    hasher = Hasher()
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert hasher.matches(weak, PASSWORD)
    assert hasher.outdated(weak)
    assert not hasher.outdated(hasher.hash(PASSWORD))


@pytest.mark.parametrize("known", ["", "$argon2id$broken", "plain text"])
def test_what_is_no_hash_matches_nothing(known: str) -> None:
    assert not Hasher().matches(known, PASSWORD)


def test_nothing_to_compare_with_is_the_same_work() -> None:
    class Counting(Hasher):
        hashed = 0

        def hash(self, password: str) -> str:
            self.hashed += 1
            return super().hash(password)

    hasher = Counting()
    assert not hasher.matches(None, PASSWORD)
    assert hasher.hashed == 1


def test_who_comes_when_the_queue_is_full_is_sent_away_at_once() -> None:
    hasher, going = Hasher(parallel=1, queue=2), threading.Event()
    with ThreadPoolExecutor(3) as crew:
        # As a storm does, without its work: one computes and two wait.
        turns = [crew.submit(_hold, hasher, going) for _ in range(3)]
        wait_for(lambda: hasher._present._value == 0, 10, "three in the hasher")  # type: ignore[attr-defined]
        with pytest.raises(TooMany) as refusal:
            hasher.matches(None, PASSWORD)
        assert refusal.value.headers["Retry-After"] == "2"
        going.set()
        assert [turn.result(10) for turn in turns] == [None, None, None]
    assert not hasher.matches(None, PASSWORD)


def _hold(hasher: Hasher, until: threading.Event) -> None:
    with hasher._turn():
        until.wait(10)
