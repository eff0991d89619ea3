"""The answer to what never became a request: gunicorn's refusals, in the shape of all others."""

import json
import logging
import uuid
from http import HTTPStatus

from gunicorn.http import errors  # type: ignore[import-untyped]

from hyperion_control.border import problems
from hyperion_control.border.headers import HEADERS

log = logging.getLogger(__name__)

REFUSALS: dict[type[Exception], tuple[int, str]] = {
    errors.LimitRequestLine: (414, "the address is too long"),
    errors.LimitRequestHeaders: (431, "there are too many headers, or one is too long"),
    errors.ExpectationFailed: (417, "nothing but Expect: 100-continue can be expected"),
    errors.UnsupportedTransferCoding: (501, "this Transfer-Encoding is not known here"),
    errors.ParseException: (400, "this is not a request as HTTP writes it"),
}
FAULT = (500, "the fault is on our side: the log has it under this request_id")


def answer(fault: Exception) -> bytes:
    status, detail = next((REFUSALS[kind] for kind in REFUSALS if isinstance(fault, kind)), FAULT)
    request_id = f"req_{uuid.uuid4().hex}"
    whose = {"request_id": request_id}
    if status == FAULT[0]:
        log.error("a request failed outside the application", exc_info=fault, extra=whose)
    else:
        log.warning("refused before it was a request: %s", fault, extra=whose)
    return _written(HTTPStatus(status), detail, request_id)


def _written(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    code = status.phrase.lower().replace(" ", "-")
    body = json.dumps(problems.body(status, code, detail, request_id)).encode()
    headers = {
        **HEADERS,
        "X-Request-Id": request_id,
        "Content-Type": problems.TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
