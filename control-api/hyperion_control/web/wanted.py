"""The page that somebody wanted before they had to sign in: where they go on afterwards."""

from urllib.parse import quote, unquote

from flask import current_app, request, session
from werkzeug.exceptions import HTTPException

WANTED = "wanted"
HOME = "/"
# It travels in a cookie, of which browsers keep 4096 bytes.
MOST_CHARACTERS = 500


def here() -> str:
    """The address of this request; empty where it is none that one can go back to."""
    if request.method != "GET":
        return ""
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{query}" if query else "")


def keep(address: str) -> None:
    if ours(address):
        session[WANTED] = address


def kept() -> str:
    return str(session.get(WANTED, ""))


def taken() -> str:
    """Once: whoever signs in later begins on the first page."""
    return ours(str(session.pop(WANTED, ""))) or HOME


def ours(address: str) -> str:
    """The address, if one of our pages is there; empty for all that a browser could go away by."""
    plain = address.isascii() and address.isprintable() and not {*"\\# "} & {*address}
    if not plain or len(address) > MOST_CHARACTERS:
        return ""
    if address[:1] != "/" or address[:2] == "//":
        return ""
    return address if _is_page(unquote(address.partition("?")[0])) else ""


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, _ = adapter.match(path, method="GET") if adapter else ("", {})
    except HTTPException:
        return False
    return endpoint.startswith("web.")
