"""How every page is put together: language, menu, who is looking, what was refused."""

from datetime import datetime

from babel.dates import format_datetime, get_timezone
from flask import g, render_template
from flask_babel import get_locale, gettext

from hyperion_control.web import words
from hyperion_control.web.reader import reader


def render(template: str, **facts: object) -> str:
    return render_template(
        template,
        language=str(get_locale()),
        menu=_menu(),
        reader=reader(),
        refusal=g.get("refusal"),
        shown=words.state,
        when=when,
        **facts,
    )


def when(moment: datetime) -> str:
    """In the reader's own time zone, and saying so."""
    person = reader()
    zone = get_timezone(person.time_zone if person else "UTC")
    said = format_datetime(moment, "medium", tzinfo=zone, locale=get_locale())
    return f"{said} {moment.astimezone(zone):%Z}"


def _menu() -> list[tuple[str, str]]:
    known = [
        ("web.machines.show", gettext("Machines")),
        ("web.commands.show", gettext("Commands")),
        ("web.logins.show", gettext("Logins")),
    ]
    unknown = [("web.login.ask", gettext("Sign in"))]
    return [*(known if reader() else unknown), ("web.docs.docs", gettext("The API"))]
