"""The application: resources, errors, request ids and the headers of every answer."""

import re
import uuid

from flask import Blueprint, Flask, Response, abort, g, request

from hyperion_control.api import health, home, metrics, runbooks
from hyperion_control.border import problems
from hyperion_control.border.context import access_of
from hyperion_control.usecases.parts import Parts

RESOURCES: tuple[Blueprint, ...] = (home.bp, health.bp, metrics.bp, runbooks.bp)

MAX_BODY_BYTES = 1024 * 1024

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


class OpenDoor(Exception):
    """A view that does not say who may use it."""


def create_app(parts: Parts) -> Flask:
    app = Flask("hyperion_control", static_folder=None)
    app.extensions["hyperion"] = parts
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    # People read the answers: the order is the one they were written in.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # With a trailing slash or without, both answer; no redirect, which a POST would not survive.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.before_request(_name_request)
    metrics.measure(app, parts)
    app.before_request(_refuse_body)
    app.after_request(_add_headers)
    problems.handle(app)
    for resource in RESOURCES:
        app.register_blueprint(resource)
    refuse_open_doors(app)
    return app


def refuse_open_doors(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if access_of(view) is None:
            raise OpenDoor(f"the view {endpoint} does not say who may use it")


def _name_request() -> None:
    # A client's own id is kept, so that its log and ours meet, unless it could harm the log.
    given = request.headers.get("X-Request-Id", "")
    sane = re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given)
    g.request_id = given if sane else f"req_{uuid.uuid4().hex}"


def _refuse_body() -> None:
    # Flask itself refuses only when a view reads the body.
    if (request.content_length or 0) > MAX_BODY_BYTES:
        abort(413)
    # A body in chunks tells its length last, when it has already cost what the limit saves.
    if "Transfer-Encoding" in request.headers:
        abort(411)


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers["X-Request-Id"] = g.request_id
    return response
