"""How large a body may be: refused by the length it announces, before it is read."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request

MAX_BODY_BYTES = 1024 * 1024
# The most that any view may allow itself: more never leaves the socket.
MOST_BODY_BYTES = 5 * 1024 * 1024

View = TypeVar("View", bound=Callable[..., Any])


def up_to(size: int) -> Callable[[View], View]:
    """For a view that takes larger bodies than others; stands below the route."""

    def mark(view: View) -> View:
        view.max_body = min(size, MOST_BODY_BYTES)  # type: ignore[attr-defined]
        return view

    return mark


def limit(app: Flask) -> None:
    app.before_request(_refuse)


def _refuse() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "max_body", MAX_BODY_BYTES)
    # Flask itself refuses only when a view reads the body.
    if (request.content_length or 0) > most:
        abort(413)
    # A body in chunks tells its length last, when it has already cost what the limit saves.
    if "Transfer-Encoding" in request.headers:
        abort(411)
    request.max_content_length = most
