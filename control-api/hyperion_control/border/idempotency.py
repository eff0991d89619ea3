"""Idempotency-Key: a POST that is sent again under the same key is not done again."""

import json
import logging
import re
from hashlib import sha256
from typing import Any

from flask import Flask, Response, current_app, g, request

from hyperion_control.border import waiting
from hyperion_control.border.context import actor, parts
from hyperion_control.errors import AuditUnavailable, BadRequest, DatabaseUnavailable
from hyperion_control.usecases import replays
from hyperion_control.usecases.replays import Answer

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
KEPT_HEADERS = ("Content-Type", "ETag", "Link", "Location")
# A refusal did nothing: the same request may be sent again. What else failed may have acted.
REFUSED = (AuditUnavailable.code, DatabaseUnavailable.code)


def guard(app: Flask) -> None:
    """After the gate: whoever is refused there is refused however often they ask."""
    app.before_request(_begin)
    app.after_request(_end)


def require() -> None:
    if HEADER not in request.headers:
        raise BadRequest(
            "this reaches many machines: send an Idempotency-Key, so that it is never done twice",
            code="idempotency-key-needed",
        )


def keep(body: dict[str, Any], status: int, headers: dict[str, str]) -> None:
    """As soon as something was begun: what a second such request is told, unless it ends well."""
    if replay_id := g.get("replay_id"):
        g.replay_begun = True
        said = {"Content-Type": "application/json", **headers}
        replays.keep(parts(), replay_id, Answer(status, said, json.dumps(body)))


def _begin() -> Response | None:
    key = request.headers.get(HEADER)
    asked = request.method == "POST" and request.path.startswith("/api/")
    if key is None or not asked or not actor().user_id:
        return None
    if not KEY.fullmatch(key):
        raise BadRequest(f"an {HEADER} has 1 to 200 visible ASCII characters and no space")
    replay_id = replays.name(actor(), request.method, request.path, key)
    if waiting.again():  # it was put aside, and not before it had begun something
        g.replay_id, g.replay_begun = replay_id, True
        return None
    said = [request.query_string.decode("latin-1"), sha256(request.get_data()).hexdigest()]
    known = replays.begin(parts(), actor(), replay_id, said)
    if known is None:
        g.replay_id = replay_id
        return None
    headers = {**known.headers, REPLAYED: "true"}
    return current_app.response_class(known.body, known.status, headers)


def _end(response: Response) -> Response:
    if replay_id := g.get("replay_id"):
        try:
            _close(replay_id, response)
        except DatabaseUnavailable as fault:
            # It is done and must be answered; under the same key nothing is done again.
            log.error("the answer to a request cannot be kept: %s", fault)
    return response


def _close(replay_id: str, response: Response) -> None:
    status = response.status_code
    if g.get("replay_begun") and status >= 400:
        return
    if 400 <= status < 500 or (status == 503 and response.get_json()["code"] in REFUSED):
        replays.drop(parts(), replay_id)
        return
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    replays.keep(parts(), replay_id, Answer(status, headers, response.get_data(True)))
