"""Alerts as a mail: a text part, and an HTML part that a telephone shows well."""

from html import escape

from hyperion_control.domain.alerts import Group
from hyperion_control.domain.cards import Card, Line, card

MOST = 50
COLOURS = {"critical": "#b3261e", "resolved": "#2e7d32"}
AMBER = "#b26a00"


def written(group: Group, url: str) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    drawn = card(group, url, MOST)
    return drawn.title, _text(drawn), _html(drawn)


def _text(drawn: Card) -> str:
    blocks = [drawn.summary, *(_text_of(line) for line in drawn.lines), drawn.note]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _text_of(line: Line) -> str:
    links = [f"  {name}: {address}" for name, address in line.links]
    return "\n".join([f"* {line.what}, {line.when}", f"  {line.said}", *links])


def _html(drawn: Card) -> str:
    colour = COLOURS.get(drawn.mood, AMBER)
    blocks = [f"<p>{escape(drawn.summary)}</p>"] if drawn.summary else []
    blocks += [_html_of(line) for line in drawn.lines]
    blocks += [f"<p>{escape(drawn.note)}</p>"] if drawn.note else []
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        '<body style="margin:0;padding:16px;font:16px/1.4 sans-serif;color:#1c1c1c">\n'
        f'<h1 style="font-size:20px;padding-left:8px;border-left:6px solid {colour}">'
        f"{escape(drawn.title)}</h1>\n" + "\n".join(blocks) + "\n</body></html>\n"
    )


def _html_of(line: Line) -> str:
    links = " ".join(f'<a href="{escape(to)}">{escape(name)}</a>' for name, to in line.links)
    return (
        f"<p><strong>{escape(line.what)}</strong><br>\n{escape(line.said)}<br>\n"
        f'<span style="color:#555555">{escape(line.when)}</span> {links}</p>'
    )
