"""Slack: one attachment of an incoming webhook, as Alertmanager itself sends it."""

from collections.abc import Sequence
from typing import Any

from hyperion_control.domain.alerts import Group
from hyperion_control.domain.cards import Card, Line, card, short

MOST = 10
COLOURS = {"critical": "danger", "resolved": "good"}


def payload(group: Group, url: str) -> dict[str, Any]:
    drawn = card(group, url, MOST)
    text = [f"*{safe(drawn.summary)}*"] if drawn.summary else []
    text += [_text(line, drawn) for line in drawn.lines]
    if drawn.links:
        text.append(_linked(drawn.links))
    attachment = {
        "color": COLOURS.get(drawn.mood, "warning"),
        "title": safe(drawn.title),
        "fallback": safe(drawn.title),
        "text": "\n".join(text),
        "footer": drawn.note,
        "mrkdwn_in": ["text"],
    }
    return {"username": "Hyperion", "attachments": [attachment]}


def _text(line: Line, drawn: Card) -> str:
    said = f"• {safe(line.what)}: {safe(short(line.said, 500))} _{line.when}_"
    own = [link for link in line.links if link not in drawn.links]
    return f"{said} {_linked(own)}".rstrip()


def _linked(links: Sequence[tuple[str, str]]) -> str:
    return " · ".join(f"<{safe(address)}|{name}>" for name, address in links)


def safe(text: str) -> str:
    """What Slack would take for a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
