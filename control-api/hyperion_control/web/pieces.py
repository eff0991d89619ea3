"""Long lists on pages: where a piece begins, and the address of the next one."""

from flask import request

from hyperion_control.border.pages import PageQuery

LIMIT = 50
MOST_CHARACTERS = 1000


def after() -> str:
    """The place after which this piece begins."""
    return PageQuery(limit=LIMIT, cursor=request.args.get("cursor", "")[:MOST_CHARACTERS]).after


def cursor(place: str) -> str:
    return place.encode().hex()
