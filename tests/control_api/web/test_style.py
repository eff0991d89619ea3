"""The style sheet: legible in both colour schemes, and complete without another host."""

import re

import pytest

from hyperion_control.web.files import FOLDER

SHEET = (FOLDER / "hyperion.css").read_text()
# Text on its ground, as the sheet puts them together.
PAIRS = [(text, ground) for text in ("text", "quiet", "strong") for ground in ("page", "card")]
PAIRS += [("on-strong", "strong"), ("bad", "bad-field"), ("good", "good-field")]
EDGES = [("edge", "page"), ("edge", "card"), ("strong", "page"), ("strong", "card")]


def scheme(name: str) -> dict[str, str]:
    """The colours by name; those of the dark scheme stand in its media query."""
    light, dark = SHEET.split("@media (prefers-color-scheme: dark)")
    wanted = light if name == "light" else dark
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", wanted))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_contrast_that_the_standard_says() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(name: str, text: str, ground: str) -> None:
    colours = scheme(name)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_the_edges_of_fields_and_of_the_focus_can_be_seen(
    name: str, edge: str, ground: str
) -> None:
    colours = scheme(name)
    assert contrast(colours[edge], colours[ground]) >= 3


def test_both_schemes_give_every_colour() -> None:
    assert scheme("light").keys() == scheme("dark").keys()


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
