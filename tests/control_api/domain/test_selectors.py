"""Selectors over labels: what is selected, and what is no selector."""

import random

import pytest

from hyperion_control.domain import selectors

WEB = {"env": "prod", "role": "web", "machine": "web-1"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("  ", True),
        ("env=prod", True),
        ("env==prod", True),
        ("env=test", False),
        ("env != test", True),
        ("env=prod,role!=db", True),
        ("env=prod,role!=web", False),
        ("role in (web, db)", True),
        ("role in(db)", False),
        ("role notin (db,cache),env=prod", True),
        ("env", True),
        ("gpu", False),
        ("!gpu", True),
        ("! env", False),
        ("gpu!=a100", True),
        ("gpu=", True),
        ("env=", False),
        ("machine=web-1", True),
        ("in in (a)", False),
        ("notin", False),
    ],
)
def test_a_selector_matches_by_all_of_its_terms(text: str, matches: bool) -> None:
    assert selectors.parse(text).matches(WEB) is matches


@pytest.mark.parametrize(
    "text",
    ["=", "env=prod,", ",", "env=a b", "env in a", "env in (a", "env in (a;b)", "!env=prod",
     "!env in (a)", "a-b=c", "1a=b", "env=~prod", "x" * 501, "env in ((a))"],
)  # fmt: skip
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="selects no machines|no value|at most"):
        selectors.parse(text)


def test_random_text_is_read_or_refused_in_a_sentence() -> None:
    chance = random.Random(7)  # noqa: S311
    for _ in range(5000):
        text = "".join(chance.choices("ab1=!,() innot", k=chance.randrange(20)))
        try:
            selectors.parse(text).matches(WEB)
        except ValueError as refusal:
            assert "write such as" in str(refusal) or "no value" in str(refusal)
