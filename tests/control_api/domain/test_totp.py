"""Codes, their pictures, and recovery codes."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from hyperion_control.domain import totp

# The seed and one of the times of RFC 6238, appendix B, with six digits of its answer.
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
THEN, CODE = datetime.fromtimestamp(1111111109, UTC), "081804"
STEP = 1111111109 // 30


def test_a_code_gives_the_step_that_it_is_of() -> None:
    assert totp.matched_step(SEED, CODE, THEN) == STEP


@pytest.mark.parametrize(("steps_later", "step"), [(0, STEP), (1, STEP), (2, None), (-1, None)])
def test_a_code_is_good_in_its_step_and_the_next(steps_later: int, step: int | None) -> None:
    now = THEN + timedelta(seconds=30 * steps_later)
    assert totp.matched_step(SEED, CODE, now) == step


@pytest.mark.parametrize("code", ["", "000000", "81804", "0818040", "０８１８０４", "é", "abcdef"])
def test_no_other_text_is_a_code(code: str) -> None:
    assert totp.matched_step(SEED, code, THEN) is None


def test_at_no_time_more_than_two_codes_are_good() -> None:
    near = {pyotp.HOTP(SEED).at(STEP + offset) for offset in range(-20, 21)}
    good = [code for code in near if totp.matched_step(SEED, code, THEN) is not None]
    assert len(good) == 2


def test_a_seed_has_160_bits_and_is_new_each_time() -> None:
    assert len(totp.new_seed()) * 5 == 160
    assert totp.new_seed() != totp.new_seed()


def test_recovery_codes_are_ten_of_eighty_bits_in_groups() -> None:
    codes = totp.recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z0-9]{4}-){3}[a-z0-9]{4}", code) for code in codes)


def test_a_recovery_code_may_be_typed_with_spaces_and_capitals() -> None:
    assert totp.squeezed(" ABCD-efgh 1234-5678\n") == "abcdefgh12345678"


def test_the_picture_is_an_element_without_style_or_script() -> None:
    drawn = totp.svg(totp.uri(SEED, "ada"))
    assert drawn.startswith("<svg ")
    assert "<?xml" not in drawn
    assert "style=" not in drawn
    assert "<script" not in drawn


def test_the_terminal_shows_it_in_lines_of_one_width() -> None:
    lines = totp.terminal(totp.uri(SEED, "ada")).splitlines()
    assert len(lines) > 15


def test_an_authenticator_reads_who_and_where_from_it() -> None:
    read = pyotp.parse_uri(totp.uri(SEED, "ada"))
    assert (read.issuer, read.name, read.secret) == ("Hyperion", "ada", SEED)
