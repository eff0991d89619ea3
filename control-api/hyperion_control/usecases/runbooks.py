"""The pages that alerts link to, as the house wrote them."""

import re

from hyperion_control.errors import NotFound
from hyperion_control.usecases.parts import Parts


def look(parts: Parts, alert: str) -> str:
    """In Markdown."""
    # Letters and digits only: the name becomes part of a path.
    if not re.fullmatch(r"[A-Za-z0-9]{1,100}", alert):
        raise NotFound("the name of an alert is made of letters and digits")
    try:
        return (parts.settings.runbooks / f"{alert}.md").read_text()
    except FileNotFoundError:
        raise NotFound(f"there is no runbook for an alert named {alert}") from None
