"""Pages of other origins: none may ask, but those that HYPERION_CORS_ORIGINS lists.

They sign in with a bearer: a browser is never allowed to send our cookie along.
"""

from flask import Flask, Response, current_app, request

from hyperion_control.border.context import parts

ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer,"
    " X-Grafana-Action, X-Organisation, X-OTP, X-Request-Id"
)
SHOWN_HEADERS = (
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, WWW-Authenticate, X-Request-Id"
)
# A browser asks again after this.
REMEMBER_SECONDS = "600"


def allow(app: Flask) -> None:
    app.before_request(_answer_preflight)
    app.after_request(_add_headers)


def _allowed_origin() -> str:
    origin = request.headers.get("Origin", "")
    return origin if origin in parts().settings.cors_origins else ""


def _answer_preflight() -> Response | None:
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asks or not _allowed_origin():
        return None
    response = current_app.response_class(status=204)
    methods = current_app.create_url_adapter(request)
    allowed = methods.allowed_methods() if methods else ()
    response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(allowed))
    response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
    response.headers["Access-Control-Max-Age"] = REMEMBER_SECONDS
    return response


def _add_headers(response: Response) -> Response:
    if not parts().settings.cors_origins:
        return response
    response.headers.add("Vary", "Origin")
    if origin := _allowed_origin():
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = SHOWN_HEADERS
    return response
