"""Who looks at a page, asked of the database once for each page."""

from flask import g

from hyperion_control.border import gate
from hyperion_control.border.context import actor, parts
from hyperion_control.usecases import home
from hyperion_control.usecases.home import Person


def reader() -> Person | None:
    """None for who is not signed in."""
    if "reader" not in g:
        someone = actor() if actor().user_id else gate.whoever()
        g.reader = home.person(parts(), someone) if someone.login_id else None
    found: Person | None = g.reader
    return found
