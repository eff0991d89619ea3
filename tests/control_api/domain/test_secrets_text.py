"""Secrets as people carry them."""

import pytest

from hyperion_control.domain import secrets_text
from hyperion_control.domain.secrets_text import CHALLENGE, LINK, LOGIN, TOKEN, hashed, is_one, new


@pytest.mark.parametrize("prefix", [LOGIN, TOKEN, LINK, CHALLENGE])
def test_a_new_secret_is_one_of_its_kind_only(prefix: str) -> None:
    secret = new(prefix)
    assert secret.startswith(prefix)
    assert is_one(prefix, secret)
    others = {LOGIN, TOKEN, LINK, CHALLENGE} - {prefix}
    assert not any(is_one(other, secret) for other in others)


def test_it_holds_160_bits_and_no_two_are_alike() -> None:
    assert len(secrets_text.ALPHABET) ** secrets_text.LENGTH >= 2**160
    assert len({new(LOGIN) for _ in range(1000)}) == 1000


def test_a_leak_scanner_knows_the_form() -> None:
    assert len(new(TOKEN)) == len("hyp_t_") + 27 + len("_") + 6


def test_any_mistyped_letter_is_noticed() -> None:
    secret = new(LOGIN)
    for place in range(len(LOGIN), len(secret)):
        other = "a" if secret[place] != "a" else "b"
        assert not is_one(LOGIN, secret[:place] + other + secret[place + 1 :])


@pytest.mark.parametrize("text", ["", "hyp_l_", "hyp_l_é", "x" * 100_000, "hyp_l_\n", "a.b.c"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_one(LOGIN, text)


def test_what_is_kept_cannot_be_presented() -> None:
    secret = new(LOGIN)
    assert len(hashed(secret)) == 64
    assert secret not in hashed(secret)
    assert not is_one(LOGIN, hashed(secret))
