"""How every error answers: application/problem+json (RFC 9457), in one shape."""

import logging
from collections.abc import Mapping

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from hyperion_control.border.context import parts
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import AuditUnavailable, Problem
from hyperion_control.usecases.recorder import Entry

log = logging.getLogger(__name__)

TYPE = "application/problem+json"

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
        fault = _recorded(fault)
        response = _response(fault.status, fault.code, str(fault), fault.members)
        response.headers.update(fault.headers)
        return response
    if isinstance(fault, HTTPException) and fault.code:
        return _http(fault, fault.code)
    whose = {"request_id": g.request_id}
    log.error("%s %s failed", request.method, request.path, exc_info=fault, extra=whose)
    detail = "the fault is on our side: the log has it under this request_id"
    return _response(500, "internal-server-error", detail)


def _recorded(fault: Problem) -> Problem:
    """Wherever somebody whom we know is refused, it is on record before they hear of it."""
    asker: Actor | None = g.get("actor")
    if fault.status not in (401, 403) or asker is None or not asker.user_id:
        return fault
    what = {"method": request.method, "code": fault.code}
    refusal = Entry(asker, "request:make", str(request.url_rule), what, decision="refused")
    try:
        parts().audit.note(refusal)
    except AuditUnavailable as unrecorded:
        return unrecorded
    return fault


def body(
    status: int, code: str, detail: str, request_id: str, members: Mapping[str, object] = {}
) -> dict[str, object]:
    return {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **members,
    }


def _http(fault: HTTPException, status: int) -> Response:
    code = fault.name.lower().replace(" ", "-")
    response = _response(status, code, DETAILS.get(status, fault.description or fault.name))
    for name, value in fault.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.add(name, value)
    return response


def _response(status: int, code: str, detail: str, members: Mapping[str, object] = {}) -> Response:
    response = jsonify(body(status, code, detail, g.request_id, members))
    response.status_code = status
    response.mimetype = TYPE
    return response
