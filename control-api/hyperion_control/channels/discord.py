"""Discord: one embed of a webhook."""

import re
from collections.abc import Sequence
from typing import Any

from hyperion_control.domain.alerts import Group
from hyperion_control.domain.cards import Card, Line, fitting, short

# Discord's own limits.
LONGEST_TITLE = 256
LONGEST_DESCRIPTION = 4096
MOST = 20
COLOURS = {"critical": 0xB3261E, "warning": 0xE0A100, "info": 0x2F6FD0, "resolved": 0x2E7D32}
GREY = 0x808080


def payload(group: Group, url: str) -> dict[str, Any]:
    return fitting(group, url, MOST, _message, _fits)  # type: ignore[no-any-return]


def _fits(message: dict[str, Any]) -> bool:
    return len(message["embeds"][0]["description"]) <= LONGEST_DESCRIPTION


def _message(card: Card) -> dict[str, Any]:
    lines = [f"**{safe(card.summary)}**"] if card.summary else []
    lines += [_text(line, card) for line in card.lines]
    if card.links:
        lines.append(_linked(card.links))
    embed = {
        "title": short(card.title, LONGEST_TITLE),
        "description": "\n".join(lines),
        "color": COLOURS.get(card.mood, GREY),
        **({"footer": {"text": card.note}} if card.note else {}),
    }
    # Whatever a label holds, it calls nobody.
    return {"username": "Hyperion", "embeds": [embed], "allowed_mentions": {"parse": []}}


def _text(line: Line, card: Card) -> str:
    begin = "✅ " if line.resolved else ""
    said = safe(short(line.said, 500))
    own = [link for link in line.links if link not in card.links]
    return f"{begin}**{safe(line.what)}**: {said} *{line.when}* {_linked(own)}".rstrip()


def _linked(links: Sequence[tuple[str, str]]) -> str:
    return " · ".join(f"[{name}]({address.replace(')', '%29')})" for name, address in links)


def safe(text: str) -> str:
    """Markdown's own signs as signs."""
    return re.sub(r"([\\*_~`|>#\[\]()])", r"\\\1", text)
