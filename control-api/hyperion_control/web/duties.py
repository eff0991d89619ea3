"""What a person owes before the rest is open to them, and the page where it is done."""

from collections.abc import Sequence

from flask_babel import gettext

from hyperion_control.border.cookies import PAGES
from hyperion_control.web import wanted


def onward(duties: Sequence[str]) -> str:
    """The address of the first duty's page, or of the page that was wanted."""
    return PAGES[duties[0]] if duties else wanted.taken()


def owed(duties: Sequence[str]) -> list[tuple[str, str]]:
    """The address and the sentence of each."""
    sentences = {
        "password": gettext("Choose a password of your own first."),
        "second-factor": gettext("Set up a second factor first."),
    }
    return [(PAGES[duty], sentences[duty]) for duty in duties]
