"""What a password must be."""

import time

import pytest

from hyperion_control.domain.passwords import TOO_COMMON, TOO_LONG, TOO_SHORT, complaint, normalised

ADA = ("ada", "Ada Lovelace", "ada@engines.example")


@pytest.mark.parametrize(
    "password",
    [
        "a horse, a staple and a pump",
        "correcthorsebatterystaple",
        "k3kz9s8dhq2m",
        "sechsundzwanzig kleine Igel",
        "пароль из четырёх слов",
        "四つの言葉からなる合言葉です",
        "73915082647193026458",
        "x" * 3 + "unlikely" * 5 + "indeed",
    ],
)
def test_long_ones_of_ones_own_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert complaint(password, ADA) == ""


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!",
        "Passw0rdPassw0rd",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "azertyuiop123",
        "123456789012",
        "987654321098",
        "abcdefghijkl",
        "aaaaaaaaaaaa",
        "abcabcabcabcab",
        "!!!!!!!!!!!!!!",
        "letmein-please-1",
        "iloveyouforever",
        "sunshine.princess",
        "WelcomeAdmin2026",
        "monkeydragon!!",
    ],
)
def test_those_that_everybody_tries_first_are_refused(password: str) -> None:
    assert complaint(password, ADA) == TOO_COMMON


@pytest.mark.parametrize(
    "password", ["hyperion-2026-admin", "adalovelace1815", "Lovelace.Lovelace", "ada@engines2026"]
)
def test_so_are_those_made_of_who_and_what_it_is_for(password: str) -> None:
    assert complaint(password, ADA) == TOO_COMMON


def test_what_is_somebody_elses_name_is_not_ones_own() -> None:
    assert complaint("Lovelace.Lovelady", ("olga",)) == ""


def test_its_length_is_twelve_to_256_characters() -> None:
    longest = "".join(f"{number:x} sheep;" for number in range(60))
    assert complaint("k3kz9s8dhq2", ADA) == TOO_SHORT
    assert complaint(longest[:256], ADA) == ""
    assert complaint(longest[:257], ADA) == TOO_LONG


def test_the_same_password_typed_on_another_keyboard_is_the_same() -> None:
    assert normalised("cafe\u0301 ﬁn") == normalised("caf\u00e9 fin")


def test_the_length_is_counted_as_it_is_compared() -> None:
    assert complaint("e\u0301" * 6, ADA) == TOO_SHORT


@pytest.mark.parametrize("password", ["my" * 128, "aA" * 128, "the" * 85, "qwertz" * 42])
def test_no_password_takes_long_to_look_at(password: str) -> None:
    begun = time.process_time()
    complaint(password, ADA)
    assert time.process_time() - begun < 1
