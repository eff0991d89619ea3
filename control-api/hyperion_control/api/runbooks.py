"""The pages that alerts link to: what it means, what to look at, what to do."""

import re

from flask import Blueprint, Response

from hyperion_control.border.context import open_to_all, parts
from hyperion_control.errors import NotFound

bp = Blueprint("runbooks", __name__)


@bp.get("/runbooks/<name>")
@open_to_all
def look(name: str) -> Response:
    """Give the runbook of an alert as it was written, in Markdown."""
    # Letters and digits only: the name becomes part of a path.
    if not re.fullmatch(r"[A-Za-z0-9]{1,100}", name):
        raise NotFound("the name of an alert is made of letters and digits")
    try:
        text = (parts().settings.runbooks / f"{name}.md").read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no runbook for an alert named {name}") from None
    return Response(text, content_type="text/plain; charset=utf-8")
