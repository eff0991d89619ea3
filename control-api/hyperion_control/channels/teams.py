"""Teams: an Adaptive Card as its workflows take it, with facts and buttons."""

import json
import re
from typing import Any

from hyperion_control.domain.alerts import Group
from hyperion_control.domain.cards import Card, Line, fitting, short

# A workflow refuses more than 28,672 bytes of the message, in which it counts more than we send.
MOST_BYTES = 26_000
MOST = 25
COLOURS = {"critical": "Attention", "warning": "Warning", "info": "Accent", "resolved": "Good"}


def payload(group: Group, url: str) -> dict[str, Any]:
    return fitting(group, url, MOST, _message, _fits)  # type: ignore[no-any-return]


def _fits(message: dict[str, Any]) -> bool:
    return len(json.dumps(message).encode()) <= MOST_BYTES


def _message(card: Card) -> dict[str, Any]:
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        # A text: as a number Teams shows an empty card.
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _body(card),
        "actions": [
            {"type": "Action.OpenUrl", "title": name, "url": to} for name, to in card.links
        ],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(card: Card) -> list[dict[str, Any]]:
    colour = COLOURS.get(card.mood, "Default")
    found = [_block(short(card.title, 300), size="Large", weight="Bolder", color=colour)]
    if card.summary:
        found.append(_block(short(card.summary, 500)))
    if card.lines:
        found.append({"type": "FactSet", "facts": [_fact(line, card) for line in card.lines]})
    if card.note:
        found.append(_block(card.note, isSubtle=True))
    return found


def _fact(line: Line, card: Card) -> dict[str, str]:
    """With the links that are no buttons of the card."""
    mark = "✅ " if line.resolved else ""
    own = [f"[{name}]({to})" for name, to in line.links if (name, to) not in card.links]
    said = f"{safe(short(line.said, 500))} ({line.when})"
    return {"title": mark + safe(line.what), "value": " · ".join([said, *own])}


def _block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": safe(text), "wrap": True, **more}


def safe(text: str) -> str:
    """The signs of the Markdown that cards know, as signs."""
    return re.sub(r"([\\*_\[\]()])", r"\\\1", text)
