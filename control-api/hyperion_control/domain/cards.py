"""What a notification says: what, where, how bad, since when, what to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from hyperion_control.domain.alerts import UNKNOWN, Alert, Group

LONGEST_LINK = 1500
LINKS = {"action_url": "Act", "dashboard_url": "Dashboard", "runbook_url": "What to do"}
SILENCE = "Silence"


@dataclass(frozen=True)
class Line:
    """One alert."""

    what: str
    said: str
    when: str
    resolved: bool
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    title: str
    mood: str  # critical, warning, info, unknown, resolved
    summary: str
    lines: tuple[Line, ...]
    links: tuple[tuple[str, str], ...]  # that all of them share
    cut: int = 0  # how many alerts are not named

    @property
    def note(self) -> str:
        """Of what was left out; empty when nothing was."""
        return f"{self.cut} more not shown" if self.cut else ""


def card(group: Group, url: str, most: int) -> Card:
    """Those that fire come first; `url` is where people open our pages."""
    alerts = [*group.firing, *group.resolved]
    lines = [_line(alert, url) for alert in alerts]
    return Card(
        title=_title(group),
        mood=group.severity if group.firing else "resolved",
        summary=group.common("summary"),
        lines=tuple(lines[:most]),
        links=_shared(lines),
        cut=group.more + len(lines[most:]),
    )


def fitting(
    group: Group, url: str, most: int, draw: Callable[[Card], Any], fits: Callable[[Any], bool]
) -> Any:
    """As many alerts as fit into what the service takes; the rest is counted."""
    for number in range(min(most, len(group.alerts)), 0, -1):
        drawn = draw(card(group, url, number))
        if fits(drawn):
            return drawn
    return draw(card(group, url, 0))


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _title(group: Group) -> str:
    found = [f"{len(group.firing)} firing"] if group.firing else []
    found += [f"{len(group.resolved)} resolved"] if group.resolved else []
    names = {alert.name for alert in group.alerts}
    name = names.pop() if len(names) == 1 else "several alerts"
    one = len(group.alerts) == 1 and not group.more
    where = _place(group.alerts[0]) if one else ", ".join(found)
    return f"{_how_bad(group)} {name}: {where}"


def _how_bad(group: Group) -> str:
    if not group.firing:
        return "RESOLVED"
    return "FIRING" if group.severity == UNKNOWN else group.severity.upper()


def _line(alert: Alert, url: str) -> Line:
    said = alert.annotations.get("description") or alert.annotations.get("summary") or alert.name
    return Line(_place(alert), said, _when(alert), not alert.firing, tuple(_links(alert, url)))


def _place(alert: Alert) -> str:
    return f"{alert.what} ({alert.org})" if alert.org else alert.what


def _when(alert: Alert) -> str:
    if alert.ends_at is None:
        return f"since {_moment(alert.starts_at)} UTC"
    return f"{_moment(alert.starts_at)} to {_moment(alert.ends_at)} UTC"


def _moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %H:%M}"


def _links(alert: Alert, url: str) -> Sequence[tuple[str, str]]:
    found = [(name, alert.annotations.get(key, "")) for key, name in LINKS.items()]
    if alert.firing and alert.machine:
        asked = {"machine": alert.machine, "org": alert.org, "action": "maintenance"}
        found.append((SILENCE, f"{url}/act?{urlencode(asked)}"))
    return [(name, link) for name, link in found if _good(link)]


def _good(link: str) -> bool:
    """What a service refuses would cost the whole message."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    printable = link.isascii() and link.isprintable() and " " not in link
    web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return web and printable and len(link) <= LONGEST_LINK


def _shared(lines: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    """In the order of the first; a link to one machine's page is not one of all."""
    return tuple(
        link
        for link in (lines[0].links if lines else ())
        if all(link in each.links for each in lines)
    )
