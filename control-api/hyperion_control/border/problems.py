"""How every error answers: application/problem+json (RFC 9457), in one shape."""

import logging

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from hyperion_control.errors import Problem

log = logging.getLogger(__name__)

# In our words where werkzeug's address a browser's user.
DETAILS = {
    404: "there is nothing at this address",
    405: "this address does not take this method: see the Allow header",
    411: "a body needs a Content-Length; one in chunks is not taken",
    413: "the body of the request is too large",
    415: "the body of the request is not of a type that this address takes",
}


def handle(app: Flask) -> None:
    app.register_error_handler(Exception, answer)


def answer(fault: Exception) -> Response:
    if isinstance(fault, Problem):
        response = _problem(fault.status, fault.code, str(fault), fault.members)
        response.headers.update(fault.headers)
        return response
    if isinstance(fault, HTTPException) and fault.code:
        return _http(fault, fault.code)
    whose = {"request_id": g.request_id}
    log.error("%s %s failed", request.method, request.path, exc_info=fault, extra=whose)
    detail = "the fault is on our side: the log has it under this request_id"
    return _problem(500, "internal-server-error", detail)


def _http(fault: HTTPException, status: int) -> Response:
    code = fault.name.lower().replace(" ", "-")
    response = _problem(status, code, DETAILS.get(status, fault.description or fault.name))
    for name, value in fault.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.add(name, value)
    return response


def _problem(
    status: int, code: str, detail: str, members: dict[str, object] | None = None
) -> Response:
    body = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.request_id,
        **(members or {}),
    }
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response
