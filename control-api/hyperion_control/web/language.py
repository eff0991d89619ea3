"""The language of a page: of the person who is signed in, else of the browser, else English."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale

from hyperion_control.web.reader import reader

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = ("en", "fr")


class Sentences(Domain):  # type: ignore[misc]
    """Reads what translators write, so that nothing compiled can be older than its source."""

    def get_translations(self) -> NullTranslations:
        return catalogue(str(get_locale() or LANGUAGES[0]))


@cache
def catalogue(language: str) -> NullTranslations:
    file = FOLDER / f"{language}.po"
    if not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def chosen() -> str:
    person = reader()
    wished = person.language if person else request.accept_languages.best_match(LANGUAGES)
    return wished if wished in LANGUAGES else LANGUAGES[0]


def install(app: Flask) -> None:
    babel = Babel(app, locale_selector=chosen)
    babel.domain_instance = Sentences()
