"""The headers of every answer: what a browser may do with it, and the request's id."""

import re
import uuid

from flask import Flask, Response, g, request

from hyperion_control.border import waiting
from hyperion_control.border.context import parts
from hyperion_control.domain.networks import within

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ONE_YEAR_OF_TLS = "max-age=31536000; includeSubDomains"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def add(app: Flask) -> None:
    app.before_request(_name_request)
    app.after_request(_add_headers)


def _name_request() -> None:
    # A client's own id is kept, so that its log and ours meet, unless it could harm the log.
    given = waiting.request_id() or request.headers.get("X-Request-Id", "")
    g.request_id = given if SANE_ID.fullmatch(given) else f"req_{uuid.uuid4().hex}"


def _add_headers(response: Response) -> Response:
    """A view that has set one of them has its reason."""
    own = {name for name, _ in response.headers}
    added = [header for header in HEADERS.items() if header[0] not in own]
    added.append(("X-Request-Id", g.request_id))
    if _came_by_tls():
        added.append(("Strict-Transport-Security", ONE_YEAR_OF_TLS))
    response.headers.extend(added)
    return response


def _came_by_tls() -> bool:
    """Only a proxy that we trust can know."""
    if request.headers.get("X-Forwarded-Proto") != "https":
        return False
    return within(request.remote_addr or "", parts().settings.trusted_proxies)
