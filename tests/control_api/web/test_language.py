"""The French catalogue: every sentence of the pages, each with the places that its English has."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from hyperion_control.web.language import FOLDER, LANGUAGES, catalogue

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
# Else a template that cannot be read would have no sentences.
LOUD = {"templates/**.html": {"silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
PLACES = re.compile(r"%\(\w+\)[ds]|%\w")


def sentences() -> set[str | tuple[str, ...]]:
    """What the code and the templates of the pages ask to be translated."""
    found = extract_from_dir(str(FOLDER.parent), METHODS, LOUD, keywords=KEYWORDS)
    return {sentence for _, _, sentence, _, _ in found}


def written(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> Iterator[Message]:
    return (message for message in written(language) if message.id)


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_sentence_is_translated_and_no_other(language: str) -> None:
    assert {message.id for message in messages(language)} == sentences()
    for message in messages(language):
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_translation_keeps_the_places_that_are_filled_in(language: str) -> None:
    for message in messages(language):
        wanted = set(PLACES.findall(forms(message.id)[0]))
        for form in forms(message.string):
            assert set(PLACES.findall(form)) == wanted, message.id


def test_a_sentence_is_found_in_its_language() -> None:
    assert catalogue("fr").gettext("Sign in") == "Se connecter"
    assert catalogue("en").gettext("Sign in") == "Sign in"


def test_a_number_takes_its_form() -> None:
    one, more = "%(num)d recovery code left", "%(num)d recovery codes left"
    said = [catalogue("fr").ngettext(one, more, number) for number in (0, 1, 2)]
    assert said[0] == said[1] != said[2]  # in French none is singular
