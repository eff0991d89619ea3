"""The style sheet and the icon: the only files that a page asks for."""

from pathlib import Path

from flask import Blueprint, Response

from hyperion_control.border.context import open_to_all

FOLDER = Path(__file__).parent / "static"
# Asked for with every page; after an upgrade a browser may show the old look for so long.
KEEP_SECONDS = 300

bp = Blueprint("files", __name__, url_prefix="/static")


@bp.get("/hyperion.css")
@open_to_all
def style() -> Response:
    """Give the style sheet of all pages."""
    return _kept("hyperion.css", "text/css")


@bp.get("/icon.svg")
@open_to_all
def icon() -> Response:
    """Give the icon that a browser shows beside the title."""
    return _kept("icon.svg", "image/svg+xml")


def _kept(name: str, kind: str) -> Response:
    response = Response((FOLDER / name).read_bytes(), mimetype=kind)
    response.cache_control.max_age = KEEP_SECONDS
    return response
